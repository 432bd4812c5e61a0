"""Requests of OTLP/JSON from an invented shop, one a line: the same for the same numbers.

usage: shop_traces.py [TRACES] [FIRST_SECOND]

Two services are entered: `shop` (a cart, a check-out with payment and a queue to shipping) and `admin` (a report). Spans have kinds, status, routes and codes; a share of
payments fails; resources say where in Kubernetes they run.
"""

import json
import random
import sys

NAMESPACE = "store"


def attribute(key, value):
    return {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}


class Trace:
    def __init__(self, dice, start):
        self.dice, self.start, self.id, self.spans = dice, start, "%032x" % dice.getrandbits(127), {}

    def span(self, service, name, kind, begin, length, parent=None, failed=False, links=(), **attributes):
        """Milliseconds from the trace's start; answers with the span's id."""
        span = {
            "traceId": self.id, "spanId": "%016x" % self.dice.getrandbits(63), "parentSpanId": parent or "", "name": name, "kind": "SPAN_KIND_" + kind,
            "startTimeUnixNano": str(self.start + int(begin * 1e6)), "endTimeUnixNano": str(self.start + int((begin + length) * 1e6)),
            "attributes": [attribute(k.replace("__", "."), v) for k, v in sorted(attributes.items())], "status": {"code": 2} if failed else {},
        }
        if links:
            span["links"] = [{"traceId": t, "spanId": s} for t, s in links]
        self.spans.setdefault(service, []).append(span)
        return span["spanId"]

    def line(self):
        resources = []
        for service, spans in sorted(self.spans.items()):
            names = [attribute("service.name", service), attribute("k8s.namespace.name", NAMESPACE), attribute("k8s.deployment.name", service)]
            resources.append({"resource": {"attributes": names + [attribute("deployment.environment.name", "prod")]}, "scopeSpans": [{"spans": spans}]})
        return json.dumps({"resourceSpans": resources}, separators=(",", ":"))


def cart(dice, start):
    trace, length = Trace(dice, start), 20 + dice.expovariate(1 / 20)
    root = trace.span("shop", "GET /cart", "SERVER", 0, length, http__route="/cart", http__request__method="GET", http__response__status_code=200)
    call = trace.span("shop", "GET", "CLIENT", 2, length - 5, root, http__request__method="GET", http__response__status_code=200)
    find = trace.span("cart", "GET /items", "SERVER", 3, length - 8, call, http__route="/items", http__request__method="GET", http__response__status_code=200)
    trace.span("cart", "select items", "CLIENT", 5, length - 12, find, db__system__name="postgresql", db__namespace="carts")
    return [trace]


def check_out(dice, start):
    failed = dice.random() < 0.06
    trace, length = Trace(dice, start), 120 + dice.expovariate(1 / 80)
    code = 503 if failed else 200
    root = trace.span("shop", "POST /checkout", "SERVER", 0, length, failed=failed, http__route="/checkout", http__request__method="POST", http__response__status_code=code)
    call = trace.span("shop", "Charge", "CLIENT", 5, length * 0.6, root, failed, rpc__system="grpc", rpc__service="Payment", rpc__method="Charge", rpc__grpc__status_code=14 if failed else 0)
    trace.span("payment", "Charge", "SERVER", 7, length * 0.6 - 5, call, failed, rpc__system="grpc", rpc__service="Payment", rpc__method="Charge", rpc__grpc__status_code=14 if failed else 0)
    if failed:
        return [trace]
    sent = trace.span("shop", "orders publish", "PRODUCER", length * 0.8, 3, root, messaging__system="kafka", messaging__destination__name="orders", messaging__operation__type="publish")
    behind = Trace(dice, start + int(length * 1e6))
    behind.span("shipping", "orders process", "CONSUMER", 5, 30, links=[(trace.id, sent)], messaging__system="kafka", messaging__destination__name="orders", messaging__operation__type="process")
    return [trace, behind]


def report(dice, start):
    trace, length = Trace(dice, start), 300 + dice.expovariate(1 / 100)
    root = trace.span("admin", "GET /report/{id}", "SERVER", 0, length, http__route="/report/{id}", http__request__method="GET", http__response__status_code=200)
    trace.span("admin", "select orders", "CLIENT", 10, length - 20, root, db__system__name="postgresql", db__namespace="orders")
    return [trace]


def lines(traces, first, step, seed=7):
    """Requests that begin `step` nanoseconds after one another, from `first`, nanoseconds since 1970."""
    dice = random.Random(seed)
    for number in range(traces):
        kind = cart if number % 5 < 3 else check_out if number % 5 == 3 else report
        for trace in kind(dice, first + number * step):
            yield trace.line()


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    begin = int(sys.argv[2]) if len(sys.argv) > 2 else 1767225600
    for line in lines(count, begin * 1_000_000_000, 12_000_000_000):
        print(line)
