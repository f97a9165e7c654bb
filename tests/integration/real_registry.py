#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docker-registry on a free port of loopback, with what a test asks for around it.

    real_registry.py [--htpasswd NAME:PASSWORD | --token NAME:PASSWORD] [--anonymous ACTIONS] [--tls]

It prints a line when it is ready: the port, and with --tls the file of the certificate authority.
It lives until its standard input ends, and leaves nothing behind. With --token a token server stands
beside it, over TLS too if the registry is.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import ssl

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_authority(place):
    """ca.pem, and cert.pem with key.pem for localhost and 127.0.0.1."""
    with open(f"{place}/names", "w", encoding="ascii") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=throw-away authority", "-keyout", f"{place}/ca.key", "-out", f"{place}/ca.pem")
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
        "-keyout", f"{place}/key.pem", "-out", f"{place}/request.pem")
    run("openssl", "x509", "-req", "-in", f"{place}/request.pem", "-CA", f"{place}/ca.pem",
        "-CAkey", f"{place}/ca.key", "-CAcreateserial", "-days", "2", "-extfile",
        f"{place}/names", "-out", f"{place}/cert.pem")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_token_server(place, options):
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=token", "-keyout", f"{place}/token.key", "-out", f"{place}/token.pem")
    command = [sys.executable, "-B", f"{HERE}/token_server.py", "--key", f"{place}/token.key",
               "--cert", f"{place}/token.pem", "--user", options.token, "--anonymous",
               options.anonymous]
    if options.tls:
        command += ["--tls", f"{place}/cert.pem", f"{place}/key.pem"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def auth_config(place, options, token_port):
    scheme = "https" if options.tls else "http"
    if options.htpasswd:
        user, _, password = options.htpasswd.partition(":")
        run("htpasswd", "-Bbc", f"{place}/htpasswd", user, password)
        return f"auth:\n  htpasswd:\n    realm: test\n    path: {place}/htpasswd\n"
    if options.token:
        return (f"auth:\n  token:\n    realm: {scheme}://127.0.0.1:{token_port}/token\n"
                f"    service: test\n    issuer: token_server\n"
                f"    rootcertbundle: {place}/token.pem\n")
    return ""


def write_config(place, port, options, token_port):
    tls = f"  tls:\n    certificate: {place}/cert.pem\n    key: {place}/key.pem\n"
    with open(f"{place}/config.yml", "w", encoding="ascii") as file:
        file.write("version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: true\n"
                   f"storage:\n  filesystem:\n    rootdirectory: {place}/data\n"
                   f"  delete:\n    enabled: true\n"
                   f"http:\n  addr: 127.0.0.1:{port}\n  secret: test\n" +
                   (tls if options.tls else "") + auth_config(place, options, token_port))


def wait_until_ready(process, port, options):
    scheme, context = ("https", ssl._create_unverified_context()) if options.tls else ("http", None)
    for _ in range(200):
        if process.poll() is not None:
            sys.exit("docker-registry did not start")
        try:
            urllib.request.urlopen(f"{scheme}://127.0.0.1:{port}/v2/", context=context).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("docker-registry does not answer")


def serve(place, options):
    processes = []
    try:
        token_port = 0
        if options.tls:
            make_authority(place)
        if options.token:
            token_server, token_port = start_token_server(place, options)
            processes.append(token_server)
        port = free_port()
        write_config(place, port, options, token_port)
        with open(f"{place}/log", "wb") as log:
            registry = subprocess.Popen(["docker-registry", "serve", f"{place}/config.yml"],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        processes.append(registry)
        wait_until_ready(registry, port, options)
        print(port, f"{place}/ca.pem" if options.tls else "-", flush=True)
        sys.stdin.read()
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--htpasswd")
    parser.add_argument("--token")
    parser.add_argument("--anonymous", default="")
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    place = tempfile.mkdtemp(prefix="registry-")
    try:
        serve(place, options)
    finally:
        shutil.rmtree(place, ignore_errors=True)


main()
