"""Become somebody else: by set-uid programs, or by keeping a right."""

CODE = r"""
import os, subprocess
status = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
if int(status["CapEff"], 16) or int(status["CapBnd"], 16) and status["NoNewPrivs"] == "0" and os.getuid() == 0:
    print("rights @REACHED@")
for call in (os.setuid, os.setgid, lambda user: os.setgroups([user])):
    attempt("become root", lambda: (call(0), "@REACHED@"))
for command in (["sudo", "-n", "id"], ["su", "-c", "id"], ["pkexec", "id"]):
    attempt(command[0], lambda: subprocess.run(command, capture_output=True, text=True, timeout=5, stdin=-3).stdout)
os.system("cp /bin/sh ./sh 2>/dev/null; chmod 4755 ./sh")
"""
