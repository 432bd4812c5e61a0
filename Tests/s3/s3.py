"""The little of S3 that scripts and suites need to look into a bucket from outside: requests signed with AWS Signature Version 4."""

import datetime
import hashlib
import hmac
import http.client
import re
import sys
import time
import urllib.parse

# Who the server of scripts/s3.sh knows. It listens on loopback only, and its data is gone when it stops.
ACCESS_KEY, SECRET_KEY, REGION = "sloscout-test", "sloscout-test-secret", "us-east-1"


def environment(endpoint):
    """The variables with which a program reaches the server."""
    return {
        "AWS_ENDPOINT_URL_S3": endpoint, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": REGION}


class Bucket:
    def __init__(self, endpoint, name):
        self.host = endpoint.split("://", 1)[1]
        self.name = name

    def request(self, method, key="", query=None, body=b"", headers=None):
        """The status and the body of the answer."""
        path = "/" + self.name + ("/" + urllib.parse.quote(key, safe="/-_.~") if key else "")
        text = "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}" for k, v in sorted((query or {}).items()))
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        signed = {**(headers or {}), "host": self.host, "x-amz-date": stamp, "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
        names = ";".join(sorted(signed))
        canonical = "\n".join([
            method, path, text, "".join(f"{name}:{signed[name]}\n" for name in sorted(signed)), names, signed["x-amz-content-sha256"]])
        scope = f"{day}/{REGION}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key_bytes = b"AWS4" + SECRET_KEY.encode()
        for part in (day, REGION, "s3", "aws4_request"):
            key_bytes = hmac.new(key_bytes, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key_bytes, to_sign.encode(), hashlib.sha256).hexdigest()
        signed["authorization"] = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.request(method, path + ("?" + text if text else ""), body=body, headers=signed)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def make(self):
        status, body = self.request("PUT")
        if status not in (200, 409):
            raise RuntimeError(f"no bucket {self.name}: {status} {body[:200]!r}")
        return self

    def keys(self, prefix=""):
        """All keys that begin with the prefix."""
        found, token = [], None
        while True:
            query = {"list-type": "2", "prefix": prefix}
            if token:
                query["continuation-token"] = token
            status, body = self.request("GET", query=query)
            if status != 200:
                raise RuntimeError(f"no listing of {self.name}: {status} {body[:200]!r}")
            text = body.decode()
            found += re.findall(r"<Key>([^<]*)</Key>", text)
            more = re.search(r"<NextContinuationToken>([^<]*)<", text)
            if "<IsTruncated>true" not in text or not more:
                return found
            token = more.group(1)

    def get(self, key):
        status, body = self.request("GET", key)
        return body if status == 200 else None

    def put(self, key, body):
        status, answer = self.request("PUT", key, body=body)
        if status != 200:
            raise RuntimeError(f"could not put {key}: {status} {answer[:200]!r}")


def wait_until_ready(endpoint, bucket, seconds):
    """Ready is a server that stores an object, not one that answers."""
    deadline, last = time.monotonic() + seconds, "no answer"
    while time.monotonic() < deadline:
        try:
            Bucket(endpoint, bucket).make().put("ready", b"ready")
            Bucket(endpoint, bucket).request("DELETE", "ready")
            return
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            last = error
            time.sleep(0.1)
    sys.exit(f"{endpoint} stores nothing after {seconds} s: {last}")


if __name__ == "__main__":
    wait_until_ready(sys.argv[1], sys.argv[2], float(sys.argv[3]))
