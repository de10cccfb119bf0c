"""Talk to services of the machine by their sockets: abstract ones, D-Bus, Docker, and to the kernel's own."""

CODE = r"""
import glob, socket

def talk(name, kind=socket.AF_UNIX):
    with socket.socket(kind, socket.SOCK_STREAM) as peer:
        peer.settimeout(2)
        peer.connect(name)
        peer.sendall(b"@MARK@")
        return peer.recv(1000)

attempt("abstract", lambda: talk("\0@SOCKET@"))
attempt("by path", lambda: talk("@HOME@/agent.sock"))
for name in ("/run/dbus/system_bus_socket", "/var/run/docker.sock", *glob.glob("/run/user/*/bus")):
    attempt(name, lambda: talk(name))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0)))
attempt("audit", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9).send(b"@MARK@"))
"""
