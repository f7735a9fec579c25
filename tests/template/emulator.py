"""What stands for the world while the market is deployed: an AWS on loopback, an issuer of tokens, and a certificate
authority that both are certified by.

The emulator (ministack) enforces IAM: each function has a session of its own role, and each of its calls is checked
against that role and against the policies of the queues. Nothing listens beyond loopback.
"""

import base64
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from expand import REGIONS, ROOT
from story import Stuck

REGION = REGIONS["aws"]
AUDIENCE = "service-market"
PROGRAM = ROOT / "tests/template/restoring_emulator.py"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# ── certificates and tokens ──


def authority(folder):
    """A certificate authority, and a certificate of it for loopback. Queues and topics take nothing but TLS."""
    until = datetime.now(timezone.utc) + timedelta(days=1)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests/template")])

    def certificate(name, of):
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(root_name).public_key(of.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(until - timedelta(days=2)).not_valid_after(until)

    root = certificate(root_name, root_key).add_extension(x509.BasicConstraints(True, 0), True)
    root = root.add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), False)
    root = root.sign(root_key, hashes.SHA256())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    leaf = certificate(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), key)
    leaf = leaf.add_extension(names, False).add_extension(x509.BasicConstraints(False, None), True)
    aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = leaf.add_extension(aki, False).sign(root_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    for file, content in zip(files, (root.public_bytes(pem), leaf.public_bytes(pem), private)):
        file.write_bytes(content)
    files[2].chmod(0o600)
    return files


def b64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """An OpenID issuer as far as the market knows one: signed tokens, and the key set that proves them."""

    def __init__(self, certificate, key):
        self.key, self.other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        coordinates = {name: b64(getattr(numbers, name).to_bytes(32, "big")) for name in "xy"}
        jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "test-1", **coordinates}
        key_set = json.dumps({"keys": [jwk]}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/jwks.json" else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(key_set)))
                self.end_headers()
                self.wfile.write(key_set)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, role, subject, forged=False, lifetime=3600, audience=AUDIENCE):
        began = int(time.time()) - 5
        claims = {
            "iss": self.url,
            "aud": audience,
            "sub": subject,
            "market_role": role,
            "nbf": began,
            "exp": int(time.time()) + lifetime,
        }
        parts = [{"alg": "ES256", "typ": "JWT", "kid": "test-1"}, claims]
        signed = ".".join(b64(json.dumps(part).encode()) for part in parts)
        r, s = decode_dss_signature(
            (self.other if forged else self.key).sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        )
        return f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


# ── the emulator ──


class Emulator:
    def __init__(self, folder, ca, certificate, key):
        self.port, self.log = free_port(), folder / "ministack.log"
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = str(ca)
        # Nothing of the caller's environment: functions inherit what the emulator has.
        self.environment = {
            "HOME": os.environ["HOME"],
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            # Both names: the functions know the first, botocore the second.
            "SSL_CERT_FILE": self.ca,
            "AWS_CA_BUNDLE": self.ca,
        }
        settings = {
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "GATEWAY_PORT": str(self.port),
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(certificate),
            "MINISTACK_SSL_KEY": str(key),
            "AUTH": "true",
            # Of an account whose quota was raised, as DEPLOY.md has it done first; by itself it goes by this machine's memory.
            "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
            "S3_DATA_DIR": str(folder / "s3"),
            "TMPDIR": str(folder),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM)], env=self.environment | settings, stdout=log, stderr=log, cwd=folder
            )
        self.wait()

    def wait(self):
        context = ssl.create_default_context(cafile=self.ca)
        for _ in range(150):
            if self.process.poll() is not None:
                break
            try:
                return urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2, context=context).read()
            except OSError:
                time.sleep(0.2)
        raise Stuck(f"the emulator does not answer:\n{self.log.read_text()[-3000:]}")

    def client(self, service):
        session = boto3.Session("test", "test", region_name=REGION)
        return session.client(service, endpoint_url=self.url, verify=self.ca)

    def get(self, path):
        context = ssl.create_default_context(cafile=self.ca)
        with urllib.request.urlopen(self.url + path, timeout=10, context=context) as answer:
            return json.load(answer)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
