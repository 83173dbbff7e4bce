"""An event loop in a thread of its own, for transactions of many short steps beside a busy event loop.

A transaction in PostgreSQL is several round trips, and after each of them its task waits for its turn. In the loop of a live
ecosystem a turn may be long; here nobody else takes any.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


class WriterThread:
    """Runs coroutines that use ``engine``, which belongs to this thread alone."""

    def __init__(self, engine: AsyncEngine, name: str) -> None:
        self.engine = engine
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end there; cancelling cancels it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    async def close(self) -> None:
        """Wait for what is under way, close the connections and end the thread."""
        await self.run(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    async def _finish(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        await self.engine.dispose()
