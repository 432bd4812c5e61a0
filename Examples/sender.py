"""A small application that logs through OpenTelemetry's SDK, for a few seconds.

usage: sender.py [--endpoint http://127.0.0.1:4318] [--seconds 5]

Needs the Python packages opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http. The last line says how many records were handed over.
"""

import argparse
import logging
import random
import time

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

MESSAGES = [
    (logging.INFO, "order %d of %s accepted", lambda: (random.randrange(10**6), "user%d@example.org" % random.randrange(1000))),
    (logging.INFO, "picked %d items in %d ms", lambda: (random.randrange(1, 9), random.randrange(2, 80))),
    (logging.WARNING, "stock of item %d is low: %d left", lambda: (random.randrange(500), random.randrange(5))),
    (logging.ERROR, "card ending in %04d was refused after %d tries", lambda: (random.randrange(10**4), random.randrange(1, 4))),
]


def main():
    parser = argparse.ArgumentParser(description="Logs through OpenTelemetry's SDK, for a few seconds.")
    parser.add_argument("--endpoint", default="http://127.0.0.1:4318", help="where the collector listens")
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()

    provider = LoggerProvider(resource=Resource.create({"service.name": "warehouse", "deployment.environment.name": "live"}))
    exporter = OTLPLogExporter(endpoint=options.endpoint + "/v1/logs")
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=200))
    logger = logging.getLogger("warehouse")
    logger.setLevel(logging.INFO)
    logger.addHandler(LoggingHandler(logger_provider=provider))

    sent, end = 0, time.monotonic() + options.seconds
    while time.monotonic() < end:
        level, text, values = random.choices(MESSAGES, weights=[50, 40, 8, 2])[0]
        logger.log(level, text % values())
        sent += 1
        time.sleep(0.002)
    provider.shutdown()
    print(sent)


if __name__ == "__main__":
    main()
