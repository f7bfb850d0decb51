"""A locustfile as Locust's manual would have it, with FastUser in the place of FastHttpUser; nothing else changes.

locust -f examples/fast_user.py -u 50 -r 10 -t 30s --headless -H http://127.0.0.1:8000
"""

from locust import constant, task

from locust_asyncdjango import FastUser


class Visitor(FastUser):
    """Reads posts, looks at the overview now and then, and seldom writes one."""

    wait_time = constant(0)

    @task(10)
    def read(self) -> None:
        """The first posts and the count of all."""
        self.client.get("/io_read/")

    @task(3)
    def overview(self) -> None:
        """A check of the locustfile's own: a failure without it would be a success."""
        with self.client.get("/routes.json", catch_response=True) as response:
            if not response.json()["routes"]:
                response.failure("no routes")

    @task
    def write(self) -> None:
        """A form."""
        self.client.post("/io_create/", data={"title": "A post", "content": "By a visitor."})
