"""Talk to a server on the instructor's machine."""

CODE = r"""
import socket

def over_tcp(host):
    with socket.create_connection((host, @PORT@), 2) as peer:
        peer.sendall(b"@MARK@")
        return peer.recv(1000)

for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0"):
    attempt(host, lambda: over_tcp(host))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
    attempt("udp", lambda: peer.sendto(b"@MARK@", ("127.0.0.1", @PORT@)))
"""
