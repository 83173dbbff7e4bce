"""The live driver: the simulation with inputs that arrive.

An input is admitted at ``max(now, clock)`` with the next sequence; everything due earlier runs first, and a wake-up always sees
its own ``due_at``, never the wall. Inputs that wait together are computed together, committed once, and only then answered;
those that arrive while a commit is under way form the next group. Followers are told last.

A machine may be too slow for a speed other than 1; then ecosystem time goes on from what is due: otherwise each group would
take longer than the one before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from trading_ecosystem.messages.base import Message, Question
from trading_ecosystem.messages.envelope import Entry
from trading_ecosystem.messages.test_coordination import Resumed
from trading_ecosystem.messages.units import HOUR, MINUTE, PARTS_PER_MILLION, SECOND, Nanos
from trading_ecosystem.ports.clock import WallClock
from trading_ecosystem.ports.errors import Unavailable
from trading_ecosystem.runtime.admission import check_keepable
from trading_ecosystem.runtime.kernel import Kernel
from trading_ecosystem.runtime.lifecycle import ComponentStatus
from trading_ecosystem.runtime.live.clock_control import ClockControl
from trading_ecosystem.runtime.live.ecosystem_clock import EcosystemClock
from trading_ecosystem.runtime.live.receipts import Receipt, Waiting, fail, may_know
from trading_ecosystem.runtime.recorder import Recorder

NORMAL_CATCH_UP: Final[Nanos] = 5 * MINUTE
"""Up to this gap a restart catches up at the normal tick."""
COARSE_CATCH_UP: Final[Nanos] = 36 * HOUR
"""Up to this gap it catches up at a coarse tick; beyond it the clock goes on from where it stood."""
COARSE_TICK: Final[Nanos] = 10 * SECOND
MOST_BEHIND: Final[Nanos] = 2 * SECOND
"""Wall time by which a paced ecosystem may fall behind its speed before its clock waits for it."""
BACKLOG: Final = 10_000
"""Inputs that may wait; one more is refused with :class:`Unavailable`."""
GROUP: Final = 512
"""Inputs that are computed and committed together at most."""
SLICE: Final = 2_000
"""Steps between two looks at the event loop, so that a busy ecosystem still answers."""
_LONGEST_SLEEP: Final = 0.5
_FIRST_RETRY: Final = 0.05
"""Seconds between the first two tries of a journal that refuses; then they double, up to the last."""
_LAST_RETRY: Final = 1.0


Append = Callable[[int, Sequence[bytes]], Awaitable[None]]
"""Commits lines, the first of which has the number given; see :meth:`trading_ecosystem.ports.live_store.LiveStore.append`."""
Told = Callable[[Sequence[Entry]], None]
"""Is told of entries that are committed, after those who asked have their answers; it must not wait for anything."""


class LiveDriver(ClockControl):
    """Runs one kernel against a wall clock on asyncio.

    ``append`` commits; without it the recorder commits to its own journal. ``speed_ppm`` is ecosystem time per wall time, in
    millionths. ``committed`` is awaited after each commit and its answers, between two steps: the moment for a snapshot.
    """

    def __init__(
        self,
        kernel: Kernel,
        recorder: Recorder,
        wall: WallClock,
        *,
        append: Append | None = None,
        speed_ppm: int = PARTS_PER_MILLION,
        committed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(kernel, EcosystemClock(wall, kernel.now, speed_ppm), wall)
        self._recorder = recorder
        self._wall = wall
        self._append = append
        self._committed = committed
        self._waiting: list[Waiting] = []
        self._in_hand: list[Waiting] = []
        self._answers: dict[int, list[Entry]] = {}
        self._told: list[Told] = []
        self._to_tell: list[Entry] = []
        self._settled: list[asyncio.Future[None]] = []
        self._retry_after = _FIRST_RETRY
        self._journal_refuses = False
        recorder.commit_on_request()
        recorder.follow(self._collect)

    def follow(self, told: Told) -> None:
        """From now on tell ``told`` of every group of entries, after it is committed and answered."""
        self._told.append(told)

    @property
    def reached(self) -> Nanos | None:
        """An instant before which nothing more will be said, all of it told to the followers; ``None`` while there is work."""
        due, now = self._kernel.next_due(), self.now()
        if self._waiting or self._in_hand or self._recorder.waiting or self._to_tell or (due is not None and due <= now):
            return None
        return now

    @property
    def committed_sequence(self) -> int:
        """No entry that is committed has a higher sequence than this."""
        return self._kernel.sequence

    @property
    def uncommitted(self) -> int:
        """Entries that are computed and wait for the journal."""
        return self._recorder.waiting

    @property
    def waiting(self) -> int:
        """Inputs that wait to be admitted."""
        return len(self._waiting)

    @property
    def taking(self) -> bool:
        """Whether inputs are taken now: it runs, the run has not ended, and the journal takes what is written to it."""
        return not (self._stopping or self._kernel.ended or self._journal_refuses)

    async def begin(self, inputs: Iterable[tuple[str, Message]]) -> None:
        """Admit the first inputs of all, by sender, and commit them with what they lead to at once, in one batch."""
        for sender, message in inputs:
            self._kernel.admit(sender, message, self._kernel.now)
        self._kernel.run_before(self._kernel.now + 1)
        await self._commit()

    async def resume(self) -> None:
        """Go on after a stop: at speed 1 catch up to the wall within the limits of the design, before the doors open.

        What a crash cut off is committed first. Raises :class:`Unavailable` where the journal cannot be written.
        """
        await self._commit()
        stopped_at = self._kernel.now
        gap = self._wall.now() - stopped_at
        if self._kernel.ended or self._clock.speed_ppm != PARTS_PER_MILLION or not 0 < gap <= COARSE_CATCH_UP:
            return
        until = self._wall.now()
        self._clock.set(until)
        tick = 0 if gap <= NORMAL_CATCH_UP else COARSE_TICK
        self._kernel.admit("live", Resumed(stopped_at=stopped_at, until=until, tick_ns=tick), stopped_at)
        while self._run_due(until - 1):
            await self._commit()
        await self._commit()

    async def submit(self, sender: str, message: Message) -> Receipt:
        """Give an input to the ecosystem and wait for the committed answer.

        Raises :class:`Unavailable` where too many inputs wait already, whom it is addressed to is down, the driver is stopping,
        or the journal cannot be written; then the input is not acknowledged. Raises :class:`BadInput` for what no store could
        keep.
        """
        check_keepable(message)
        if self._stopping:
            raise Unavailable("the ecosystem is stopping")
        if len(self._waiting) >= BACKLOG:
            raise Unavailable(f"{BACKLOG} inputs wait already; try again later")
        waiting = Waiting(sender, message, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        return await waiting.answer

    async def ask(self, component: str, question: Question) -> Any:
        """A component's answer to a question about now, released once everything handled before it is committed.

        Raises :class:`NotFound` for an unknown name, :class:`Unavailable` while the component is down, or where the journal
        cannot be written.
        """
        while self._recorder.waiting:
            if self._stopping:
                raise Unavailable("the ecosystem is stopping")
            settled = asyncio.get_running_loop().create_future()
            self._settled.append(settled)
            await settled
        if self._kernel.is_down(component):
            raise Unavailable(f"{component} is not available")
        return self._kernel.answer(component, question)

    def states(self) -> tuple[ComponentStatus, ...]:
        """Every component as it stands, by name."""
        return self._kernel.states()

    async def run(self) -> None:
        """Drive until :meth:`stop`, the end of the run, or a failure, which passes to the caller and to all who wait."""
        try:
            while not self._stopping and not self._kernel.ended:
                behind = await self._advance()
                if behind:
                    await asyncio.sleep(0)
                else:
                    await self._rest()
            while await self._advance() and self._waiting:
                pass
        except BaseException as error:
            self._refuse_all(error)
            raise
        finally:
            self._stopping = True
            self._refuse_all(Unavailable("the ecosystem has stopped"))

    def stop(self) -> None:
        """Let :meth:`run` return after what is due now; inputs that wait are still answered."""
        self._stopping = True
        self._wake.set()

    async def _advance(self) -> bool:
        """Admit a group of what waits, run what is due by now, commit, answer, tell; true if more is due already."""
        if self._recorder.waiting and not await self._try_commit():
            # What was computed is not safe yet: nothing new is begun until it is.
            return False
        if self._kernel.ended:
            self._refuse_all(Unavailable("the run has ended"))
            return False
        self._let_clock_wait()
        self._in_hand, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
        admitted = [(sequence, one) for one in self._in_hand if (sequence := self._admit(one))]
        until = self._until()
        behind = self._run_due(until)
        if not behind:
            self.heartbeats.passed(until)
        if not await self._try_commit():
            return False
        for sequence, one in admitted:
            said = self._answers.pop(sequence)
            if not one.answer.done():
                known = tuple(entry for entry in said[1:] if may_know(one.message, entry.message))
                one.answer.set_result(Receipt(sequence, said[0].at, known))
        self._in_hand = []
        self._tell()
        self.heartbeats.release()
        self._end_advance()
        if self._committed is not None:
            await self._committed()
        return behind or bool(self._waiting)

    def _let_clock_wait(self) -> None:
        """At a speed other than 1: when too much is overdue, ecosystem time goes on from the first of it."""
        due = self._kernel.next_due()
        if due is None or self._clock.speed_ppm == PARTS_PER_MILLION or self._clock.stands:
            return
        wall_ns = self._clock.wall_until(due)
        if wall_ns is not None and wall_ns < -MOST_BEHIND:
            self._clock.set(due)

    async def _try_commit(self) -> bool:
        """Commit what was said; if the journal refuses, tell all who wait, and keep it for the next try."""
        try:
            await self._commit()
        except Unavailable as error:
            self._journal_refuses = True
            # An append of which nobody knows may have been done all the same; the next try finds out.
            in_doubt = Unavailable(f"{error}; not acknowledged, but it may take effect later: ask again with the same id")
            not_taken = Unavailable(f"{error}; nothing is taken until the journal can be written: try again later")
            self._refuse(self._in_hand, in_doubt)
            self._refuse(self._waiting, not_taken)
            self._settle(not_taken)
            self._answers.clear()
            return False
        self._retry_after = _FIRST_RETRY
        self._journal_refuses = False
        self._settle(None)
        return True

    async def _commit(self) -> None:
        """Commit what waits. Nothing else is computed meanwhile: what arrives forms the next group."""
        if self._append is None:
            self._recorder.commit()
        elif self._recorder.waiting:
            lines = self._recorder.lines
            await self._append(self._kernel.entries - len(lines) + 1, lines)
            self._recorder.confirm(len(lines))

    def _tell(self) -> None:
        entries, self._to_tell = self._to_tell, []
        if entries:
            for told in self._told:
                told(entries)

    def _settle(self, error: Unavailable | None) -> None:
        settled, self._settled = self._settled, []
        for one in settled:
            if not one.done():
                one.set_result(None) if error is None else one.set_exception(error)

    def _admit(self, one: Waiting) -> int:
        """Admit one input and run its instant; returns its sequence, or 0 where the run ended before it.

        An input whose sender has stopped waiting is not admitted.
        """
        if one.answer.done():
            return 0
        # An instant that has run to its end is over: the next input falls after it, in a replay too.
        at = max(self.now(), self._kernel.now + 1, self.heartbeats.last_instant + 1)
        self._kernel.run_before(at)
        if self._kernel.ended:
            fail(one, Unavailable("the run has ended"))
            return 0
        addressed_by = one.message.addressed_by
        if addressed_by is not None and self._kernel.is_down(name := getattr(one.message, addressed_by)):
            fail(one, Unavailable(f"{name} is not available"))
            return 0
        self._answers[self._kernel.sequence + 1] = []
        sequence = self._kernel.admit(one.sender, one.message, at)
        # Its own instant runs to the end, so that the answer holds what it led to at once.
        self._kernel.run_before(at + 1)
        return sequence

    def _run_due(self, until: Nanos) -> bool:
        for _ in range(SLICE):
            due = self._kernel.next_due()
            if due is None or due > until or self._kernel.ended:
                return False
            self._kernel.step()
        return True

    def _collect(self, entries: Sequence[Entry], lines: Sequence[bytes]) -> None:
        if self._told:
            self._to_tell += entries
        if self._answers:
            for entry in entries:
                waiting = self._answers.get(entry.trace)
                if waiting is not None:
                    waiting.append(entry)

    async def _rest(self) -> None:
        """Sleep until the next thing is due, an input or an acknowledgement arrives, or the driver is stopped."""
        dues = [due for due in (self._kernel.next_due(), self.heartbeats.next_instant) if due is not None]
        due = min(dues, default=None)
        seconds = _LONGEST_SLEEP
        if due is not None and self._not_past_limit(due) == due:
            wall_ns = self._clock.wall_until(due)
            seconds = seconds if wall_ns is None else min(seconds, max(0.0, wall_ns / SECOND))
        if self._recorder.waiting:
            await asyncio.sleep(self._retry_after)
            self._retry_after = min(2 * self._retry_after, _LAST_RETRY)
            return
        if self._waiting:
            return
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    def _refuse_all(self, error: BaseException) -> None:
        self._refuse(self._in_hand, error)
        self._refuse(self._waiting, error)
        refusal = error if isinstance(error, Unavailable) else Unavailable("the ecosystem has stopped")
        self._settle(refusal)
        self._refuse_advance(refusal)

    @staticmethod
    def _refuse(waiting: list[Waiting], error: BaseException) -> None:
        for one in waiting:
            fail(one, error)
        waiting.clear()


def drive(kernel: Kernel, recorder: Recorder, wall: WallClock, speed_ppm: int, committed: Callable[[], None]) -> None:
    """Drive a kernel whose inputs are all in to the end of its run, for callers that know no asyncio."""

    async def after_each() -> None:
        committed()

    asyncio.run(LiveDriver(kernel, recorder, wall, speed_ppm=speed_ppm, committed=after_each).run())
