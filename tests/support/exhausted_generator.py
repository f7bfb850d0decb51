"""Print the kinds that requests get when their process has no file descriptor left. A test runs this as a program."""

import json
import os
import resource
import sys

from locust import FastHttpUser, HttpUser  # patches the process with gevent, as in Locust

from locust_asyncdjango import FastUser
from tests.support.recorded_user import RecordedUser

FEW = 200


def main() -> None:
    """Print JSON: URL -> a list by user class. Each user has had a response before, on a connection that was closed."""
    users = {url: [RecordedUser(url, each) for each in (FastUser, FastHttpUser, HttpUser)] for url in sys.argv[1:]}
    all_users = [user for each in users.values() for user in each]
    for user in all_users:
        user.client.get("/")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))
    descriptors = []
    try:
        while True:
            descriptors.append(os.dup(0))
    except OSError:
        for user in all_users:
            user.client.get("/")
        for each in descriptors:
            os.close(each)
    print(json.dumps({url: [user.kinds for user in each] for url, each in users.items()}))


if __name__ == "__main__":
    main()
