"""The launcher supports exactly one version of moto."""

import json
import subprocess

from conftest import DAGS

LAUNCHER = DAGS.parent / "xtask/emulator/moto_server.py"


def test_another_version_of_moto_is_rejected(tools):
    code = f"import moto, runpy; moto.__version__ = '5.3.0'; runpy.run_path({str(LAUNCHER)!r}, run_name='__main__')"
    done = subprocess.run([tools, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: this server extends moto 5.2.5, not 5.3.0; hint: ")


SECRETS = """
import http.server, json, runpy, sys, threading
seen = []
class Gate(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        seen.append([self.headers["X-Amz-Target"], self.headers["Authorization"].split("=")[1].split("/")[0], request])
        name = json.dumps(request)
        status, answer = 200, {"SecretString": "hidden", "Parameters": [{"Value": "hidden"}]}
        if "denied" in name:
            status, answer = 400, {"message": "AccessDeniedException: not authorized"}
        if "missing" in name:
            answer = {"Parameters": [], "InvalidParameters": request["Names"]}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Gate)
threading.Thread(target=server.serve_forever, daemon=True).start()
launcher = runpy.run_path(sys.argv[1])
found = {}
for name in json.loads(sys.argv[2]):
    secrets = [{"name": "SOURCE_SECRETS", "valueFrom": name}]
    definition = {"executionRoleArn": "arn:aws:iam::1:role/P-source-shop-ExecutionRole-1", "secrets": secrets}
    replaced = {"secrets": f"http://127.0.0.1:{server.server_port}/"}
    try:
        found[name] = launcher["secrets_of"](definition, replaced)
    except PermissionError as error:
        found[name] = str(error)
print(json.dumps([found, seen, launcher["secrets_of"]({}, {})]))
"""


def test_secrets_are_read_as_the_execution_role_before_a_container_starts(tools):
    secret = "arn:aws:secretsmanager:eu-west-1:1:secret:p/shop-AbCdEf"
    parameter, missing = (f"arn:aws:ssm:eu-west-1:1:parameter/p/{name}" for name in ("shop", "missing"))
    denied = "arn:aws:secretsmanager:eu-west-1:1:secret:p/denied-AbCdEf"
    names = json.dumps([secret, parameter, missing, denied])
    done = subprocess.run(
        [tools, "-c", SECRETS, LAUNCHER, names], capture_output=True, text=True, timeout=60, check=True
    )
    found, seen, without = json.loads(done.stdout)
    assert found[secret] == found[parameter] == {"SOURCE_SECRETS": "hidden"}
    assert without == {}
    for name, why in ((missing, "invalid ssm parameters"), (denied, "AccessDeniedException")):
        assert found[name].startswith("ResourceInitializationError: unable to pull secrets or registry auth: ")
        assert why in found[name]
    assert {key for _, key, _ in seen} == {"P-source-shop-ExecutionRole-1"}
    assert seen[0] == ["secretsmanager.GetSecretValue", "P-source-shop-ExecutionRole-1", {"SecretId": secret}]
    assert seen[1][::2] == ["AmazonSSM.GetParameters", {"Names": [parameter], "WithDecryption": True}]
