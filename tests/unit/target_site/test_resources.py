"""Resources that requests share: when they are made, who shares them, and when they are closed."""

import asyncio
from io import BytesIO

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from target_site.resources import REGISTRY, EventLoopResource, ProcessResource, ResourceRegistry

WSGI = HttpRequest()
ASGI = ASGIRequest({"method": "GET", "path": "/"}, BytesIO())


class Factory:
    """Makes and closes numbered resources, and can fail."""

    def __init__(self) -> None:
        self.made = 0
        self.closed: list[int] = []
        self.is_down = False

    def make(self) -> int:
        if self.is_down:
            raise ConnectionRefusedError
        self.made += 1
        return self.made

    def close(self, number: int) -> None:
        self.closed.append(number)

    async def amake(self) -> int:
        await asyncio.sleep(0)
        return self.make()

    async def aclose(self, number: int) -> None:
        self.close(number)


@pytest.fixture
def factory() -> Factory:
    return Factory()


def test_a_process_resource_is_made_once_and_closed_at_the_end(factory: Factory) -> None:
    resource = ProcessResource(factory.make, factory.close)
    assert factory.made == 0
    assert [resource.get(), resource.get()] == [1, 1]
    REGISTRY.close_process_resources()
    REGISTRY.close_process_resources()
    assert factory.closed == [1]
    assert resource.get() == 2  # who needs it afterwards gets a new one
    REGISTRY.close_process_resources()


def test_a_resource_that_could_not_be_made_is_tried_again(factory: Factory) -> None:
    resource = ProcessResource(factory.make, factory.close)
    factory.is_down = True
    with pytest.raises(ConnectionRefusedError):
        resource.get()
    factory.is_down = False
    assert resource.get() == 1
    REGISTRY.close_process_resources()


def test_one_resource_that_cannot_be_closed_does_not_keep_the_others_open() -> None:
    registry = ResourceRegistry()
    closed: list[str] = []
    registry.add_close_function(lambda: closed.append("first"))
    registry.add_close_function(lambda: 1 / 0)
    registry.add_close_function(lambda: closed.append("last"))
    with pytest.raises(ZeroDivisionError):
        registry.close_process_resources()
    assert sorted(closed) == ["first", "last"]


def test_requests_of_an_asgi_server_share_a_resource(factory: Factory) -> None:
    resource = EventLoopResource(factory.amake, factory.aclose)

    async def request() -> int:
        async with resource.borrow(ASGI) as number:
            return number

    async def server() -> list[int]:
        numbers = await asyncio.gather(*(request() for _ in range(3)))
        assert factory.closed == []
        await resource.close()
        await resource.close()
        return numbers

    assert asyncio.run(server()) == [1, 1, 1]
    assert factory.closed == [1]


def test_a_request_on_wsgi_has_a_resource_of_its_own(factory: Factory) -> None:
    resource = EventLoopResource(factory.amake, factory.aclose)

    async def request() -> int:
        async with resource.borrow(WSGI) as number:
            assert number not in factory.closed
            return number

    assert [asyncio.run(request()), asyncio.run(request())] == [1, 2]
    assert factory.closed == [1, 2]


def test_a_cancelled_request_does_not_take_the_resource_from_others(factory: Factory) -> None:
    resource = EventLoopResource(factory.amake, factory.aclose)

    async def request() -> int:
        async with resource.borrow(ASGI) as number:
            return number

    async def server() -> int:
        first, second = asyncio.ensure_future(request()), asyncio.ensure_future(request())
        await asyncio.sleep(0)
        first.cancel()
        number = await second
        await resource.close()
        return number

    assert asyncio.run(server()) == 1


def test_an_async_resource_that_could_not_be_made_is_tried_again(factory: Factory) -> None:
    resource = EventLoopResource(factory.amake, factory.aclose)

    async def server() -> int:
        factory.is_down = True
        with pytest.raises(ConnectionRefusedError):
            async with resource.borrow(ASGI):
                pass
        factory.is_down = False
        async with resource.borrow(ASGI) as number:
            pass
        await resource.close()
        return number

    assert asyncio.run(server()) == 1


def test_another_event_loop_gets_another_resource(factory: Factory) -> None:
    resource = EventLoopResource(factory.amake, factory.aclose)

    async def request() -> int:
        async with resource.borrow(ASGI) as number:
            return number

    assert [asyncio.run(request()), asyncio.run(request())] == [1, 2]
