"""A generator that has no file descriptor left: which kinds its users' requests get. Run by a test, as a program."""

import json
import os
import resource
import sys

from locust import FastHttpUser, HttpUser  # patches the process with gevent, as in Locust

from locust_asyncdjango import FastUser
from tests.support.recorded_user import RecordedUser

FEW = 200


def main() -> None:
    """Prints JSON: by URL, a list by user class. Each has had an answer before, on a connection that was closed."""
    users = {url: [RecordedUser(url, each) for each in (FastUser, FastHttpUser, HttpUser)] for url in sys.argv[1:]}
    asked = [user for each in users.values() for user in each]
    for user in asked:
        user.client.get("/")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        for user in asked:
            user.client.get("/")
        for each in taken:
            os.close(each)
    print(json.dumps({url: [user.kinds for user in each] for url, each in users.items()}))


if __name__ == "__main__":
    main()
