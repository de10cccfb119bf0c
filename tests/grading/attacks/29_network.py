"""Talk to the world: by address, by name, by raw packets."""

CODE = r"""
import socket
attempt("address", lambda: socket.create_connection(("192.0.2.1", 80), 2))
attempt("name", lambda: socket.create_connection(("pypi.org", 443), 2))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("host of the machine", lambda: socket.socket(40, socket.SOCK_STREAM).connect((2, 22)))
attempt("interfaces", lambda: socket.if_nameindex())
"""
