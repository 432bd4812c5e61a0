"""What somebody sends who means no good: names, bodies, headers, addresses and identifiers. Used by contract.py."""

import http.client
import json
import os
import socket
import subprocess

from control_server import claim, document, sql

#: Ways to write 169.254.169.254, where clouds keep credentials, and other places that nobody reaches by way of a job.
FORBIDDEN_HOSTS = [
    "169.254.169.254", "169.254.1.1", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[fe80::1]", "[fd00:ec2::254]", "169%2E254%2E169%2E254", "100.100.100.200", "192.0.0.192",
    "someone:word@169.254.169.254", "localhost@169.254.169.254", "localhost,169.254.169.254",
]
FORBIDDEN_NAMES = [
    "..", ".", "...", "a%2Fb", "a%00b", "x" * 64, "%27%3B--", "%2e%2e%2fetc%2fpasswd", "a%0d%0aSet-Cookie:x", "%ff%fe", "a%20b", "%F0%9F%92%A9", "a;b",
    "$(id)", "%60id%60", "%3Cscript%3E", "..%5C..%5Cwindows", "a%25b",
]
BROKEN_JSON = [
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"a": }', b"{'a': 1}", b"\x00", b"[" * 100000, b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"service_name": "a\\u0000b"}', b'{"service_name": "\xed\xa0\x80"}', b'{"service_name": 1e999}', b'{"state": 1}', b'{"parallelism": 1e30}',
    b'{"parallelism": -1}', b'{"parallelism": 1.5}', b'{"parallelism": "1"}',
]
BROKEN_YAML = [
    b"", b"\x00", b"\xff\xfe", b"[" * 20000, b"{" * 20000, b"a: &a [*a]", b"- " * 5000, b"%YAML 9.9\n---\n", b"!!python/object/apply:os.system ['id']",
    b"&a [x,x,x,x,x,x,x,x,x]\n---\n" * 50, b"kind: Job", b"kind: Job\nmetadata: {name: [1]}",
    b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d]",
]
IDENTIFIERS = ['x"; DROP TABLE sloscout_job; --', "x'; DROP TABLE sloscout_job; --", 'a"b', "sloscout_job; SELECT 1", "a\\b", "pg_catalog.pg_class", "x" * 200]


def token(binary, url, name, role):
    return subprocess.run(
        [binary, "server", "token", "create", name, "--role", role], env={**os.environ, "DATABASE_URL": url}, check=True, capture_output=True,
        text=True).stdout.strip()


def walk(server, folder):
    for name in FORBIDDEN_NAMES:
        for method, path in (("GET", ""), ("PUT", ""), ("POST", "/start"), ("DELETE", "")):
            status = server.call(method, f"/api/v1/jobs/{name}{path}", "a: 1" if method == "PUT" else None)[0]
            claim(f"{method} of the name {name[:20]} is refused", status in (400, 404, 405, 422), status)
    addresses(server, folder)
    bodies(server)
    headers(server)
    identifiers(server, folder)


def addresses(server, folder):
    text = document("guarded", folder / "guarded", records=10)
    plain = "${DATABASE_URL:-postgresql://localhost/sloscout}"
    assert text.count(plain) == 1
    for host in FORBIDDEN_HOSTS:
        urls = [f"postgresql://{host}:5432/x"]
        if "@" not in host and "," not in host:
            urls += [f"postgresql://localhost/x?{option}={host.strip('[]')}" for option in ("host", "hostaddr")]
        for url in urls:
            status, problem, _ = server.call("PUT", "/api/v1/jobs/guarded", text.replace(plain, url))
            refused = status == 422 and any(place["code"] in ("server.address", "postgres.url") for place in problem["errors"])
            claim(f"{url} is not reached", refused, (status, problem))
    scrape = """
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: guarded }}
spec:
  checkpoint: {{ store: "{store}" }}
  sources: {{ metrics: {{ type: prometheus-scrape, config: {{ targets: ["{target}"] }} }} }}
  sinks: {{ out: {{ type: discard, delivery: live, inputs: [metrics] }} }}
"""
    for host in FORBIDDEN_HOSTS[:12]:
        for target in (f"{host}:80", f"http://{host}/latest/meta-data"):
            status, problem, _ = server.call("POST", "/api/v1/jobs/guarded/plan", scrape.format(store=folder / "guarded", target=target))
            claim(f"{target} is not scraped", status == 422, (status, problem))
    for target in ("localhost:9090", "10.0.0.7:9090", "prometheus:9090"):
        status, problem, _ = server.call("POST", "/api/v1/jobs/guarded/plan", scrape.format(store=folder / "guarded", target=target))
        claim(f"{target} is an ordinary target", status == 200, (status, problem))


def bodies(server):
    for operation, method, template in server.contract.operations:
        if "requestBody" not in operation:
            continue
        kinds = operation["requestBody"]["content"]
        path = template.replace("{name}", "absent").replace("{id}", "absent").replace("{key}", "absent")
        for body in BROKEN_JSON if "application/json" in kinds else BROKEN_YAML:
            status, problem, _ = server.call(method, path, body)
            claim(f"{operation['operationId']} refuses {body[:24]}", status in (404, 422) and "error_code" in problem, (status, problem))


def headers(server):
    def raw(request):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while data := connection.recv(65536):
                answer += data
            return answer

    def get(name, value):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        try:
            connection.request("GET", "/health", headers={name: value})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None

    claim("a header of 15 KiB is taken", get("X-Long", "a" * 15000) == 200)
    claim("a header of 20 KiB is not", get("X-Long", "a" * 20000) in (None, 400, 431), get("X-Long", "a" * 20000))
    many = b"".join(b"X-%d: a\r\n" % number for number in range(200))
    answers = {
        "200 headers": raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n"),
        "two lengths": raw(b"PUT /api/v1/jobs/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        "a length and chunks": raw(
            b"PUT /api/v1/jobs/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        "a negative length": raw(b"PUT /api/v1/jobs/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"),
        "no HTTP": raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        "an address of 100 KiB": raw(b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        "a header with a line end": raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n"),
    }
    for what, answer in answers.items():
        claim(f"{what}: refused or cut off", b" 200 " not in answer.split(b"\r\n")[0], answer[:200])
    for tag in ('"', "x", '"1', "W/\"1\"", "99999999999999999999", '"-1"'):
        status, problem, _ = server.call("POST", "/api/v1/jobs/quiet/checkpoint")
        status, problem, _ = server.call("PATCH", "/api/v1/jobs/asleep", '{"state": "suspended"}', If_Match=tag)
        claim(f"If-Match {tag} fits nothing", status in (404, 412, 422), (status, problem))
    claim("the server still lives", server.call("GET", "/health")[0] == 200)


def identifiers(server, folder):
    """Names of tables from a document are names, whatever they hold."""
    text = document("tables", folder / "tables", records=10)
    marks = ["table: capsule_shape", "table: template_alias"]
    mark = next((mark for mark in marks if mark in text), None)
    if mark is None:
        claim("jobs.yaml names a table", "table:" in text, text)
        mark = next(line.strip() for line in text.splitlines() if "table:" in line)
    for name in IDENTIFIERS:
        status, problem, _ = server.call("POST", "/api/v1/jobs/tables/plan", text.replace(mark, "table: " + json.dumps(name)))
        claim(f"a table called {name[:20]} is refused or quoted", status in (200, 422), (status, problem))
    claim("the jobs are still there", server.call("GET", "/api/v1/jobs")[0] == 200 and server.call("GET", "/api/v1/audit/verify")[1]["intact"])
