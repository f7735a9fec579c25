"""Version 1 of the AWS CLI, loaded once: to start it takes longer than most of what it is asked. Each call has a process of
its own, with the caller's folder, variables and streams.

    python aws.py SOCKET                serves
    python aws.py SOCKET ARGUMENT…      asks
"""

import json
import os
import socket
import sys
import traceback

LONGEST = 1 << 18


def serve(path):
    import signal

    from awscli.clidriver import main

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        listener.listen(16)
        while True:
            caller, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                carry_out(caller, main)
            caller.close()


def carry_out(caller, main):
    text, streams, _, _ = socket.recv_fds(caller, LONGEST, 3)
    asked = json.loads(text)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(asked["folder"])
    # The CLI names its own data so, when it is loaded.
    data = {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}
    os.environ.clear()
    os.environ.update(asked["environment"] | data)
    sys.argv = ["aws", *asked["arguments"]]
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    status = 255
    try:
        status = main()
    except SystemExit as ended:
        status = ended.code or 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        caller.send(str(status).encode())
        os._exit(0)


def ask(path, arguments):
    asked = {"folder": os.getcwd(), "environment": dict(os.environ), "arguments": arguments}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as to:
        to.connect(path)
        socket.send_fds(to, [json.dumps(asked).encode()], [0, 1, 2])
        sys.exit(int(to.recv(16) or 255))


if __name__ == "__main__":
    serve(sys.argv[1]) if len(sys.argv) == 2 else ask(sys.argv[1], sys.argv[2:])
