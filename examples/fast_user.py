"""A locustfile in the style of Locust's manual, with FastUser in place of FastHttpUser. Nothing else changes.

locust -f examples/fast_user.py -u 50 -r 10 -t 30s --headless -H http://127.0.0.1:8000
"""

from locust import constant, task

from locust_asyncdjango import FastUser


class Visitor(FastUser):
    """Reads posts, gets the list of routes now and then, and seldom writes a post."""

    wait_time = constant(0)

    @task(10)
    def read(self) -> None:
        """Get the first posts and the count of all."""
        self.client.get("/io_read/")

    @task(3)
    def list_routes(self) -> None:
        """Get the list of routes, and report a failure where it is empty: its status alone would be a success."""
        with self.client.get("/routes.json", catch_response=True) as response:
            if not response.json()["routes"]:
                response.failure("no routes")

    @task
    def write(self) -> None:
        """Create a post by a form."""
        self.client.post("/io_create/", data={"title": "A post", "content": "By a visitor."})
