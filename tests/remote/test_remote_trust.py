"""Certificates are verified, and proxies asked as the environment says."""

import datetime
import ipaddress
import ssl

import pytest
from command import expect, spawn
from remote_faults import redirecting
from remote_servers import serving


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that nobody trusts, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    days = [datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2020, 2200)]
    home = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(days[0]).not_valid_after(days[1])
        .add_extension(home, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    file = tmp_path / "both.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + secret)
    return file


def test_a_certificate_is_verified(folder, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(folder, secure=context) as shop:
        url = f"{shop.url}/m.safetensors"
        done = spawn("ls", url)
        host = shop.url.removeprefix("https://")
        assert (done.code, done.err) == (
            3,
            f"paramctl: {url}: the certificate of {host} is not trusted: self-signed certificate\n"
            "hint: SSL_CERT_FILE names a file of further certificates to trust\n",
        )
        trusting = spawn("hash", url, env={"SSL_CERT_FILE": str(certificate)})
    assert (trusting.code, trusting.err) == (0, "")


def test_a_redirect_from_https_to_http_is_refused(folder, certificate, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(folder) as plain:
        fault = redirecting(f"{plain.url}/m.safetensors")
        with serving(folder, fault, secure=context) as shop:
            done = spawn("ls", f"{shop.url}/m.safetensors", env={"SSL_CERT_FILE": str(certificate)})
    assert done.code == 3
    assert done.err == (
        f"paramctl: {shop.url}/m.safetensors: the server redirects from https to "
        f"{plain.url}/m.safetensors, where anybody could listen\n"
    )


def test_a_proxy_is_asked_as_the_environment_says(folder, monkeypatch):
    with serving(folder) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://me:hidden@"))

        def fault(handler, ask):
            handler.path = ask.path.removeprefix("http://models.example")
            handler.give(handler.server.shop.folder / "m.safetensors", ask.start, ask.stop)
            return True

        proxy.fault = fault
        expect(0, "ls", "http://models.example/m.safetensors")
        ask = proxy.asks[0]
        assert ask.path == "http://models.example/m.safetensors"
        assert ask.headers["Proxy-Authorization"] == "Basic bWU6aGlkZGVu"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with serving(folder) as shop:
            expect(0, "ls", f"{shop.url}/m.safetensors")


def test_a_proxy_that_leads_nowhere_is_told(folder, monkeypatch):
    with serving(folder) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        done = expect(3, "ls", "https://models.example/m.safetensors")
    assert done.err == (
        "paramctl: https://models.example/m.safetensors: the proxy does not lead to "
        "models.example: 501 Unsupported method ('CONNECT')\n"
    )
