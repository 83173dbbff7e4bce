"""The clock of the ecosystem: pause it, change its speed, advance it to an instant, keep it in lock-step."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Router, get, post, put

from trading_ecosystem.api.caller import Scope
from trading_ecosystem.api.decimals import instant_text, parse_amount, parse_instant, ratio_text
from trading_ecosystem.api.gateway import Gateway
from trading_ecosystem.api.problems import FieldProblem, InvalidRequest
from trading_ecosystem.api.rest.bodies import Answer, DecimalText, InstantText
from trading_ecosystem.api.rest.bodies import Request as Body
from trading_ecosystem.api.rest.routing import caller_of, needs
from trading_ecosystem.messages.units import DAY, SECOND
from trading_ecosystem.runtime.live import ClockState

LONGEST_ADVANCE = 31 * DAY // SECOND


class Clock(Answer, frozen=True, forbid_unknown_fields=True):
    """How ecosystem time stands and goes: it stands while it is paused or in lock-step."""

    now: InstantText
    speed: str
    """Ecosystem time per wall time, whenever it goes."""
    paused: bool
    lock_step: bool
    """Whether it goes on only where every monitor outside has acknowledged, or somebody advances it."""


class Speed(Body, frozen=True, forbid_unknown_fields=True):
    """Ecosystem time per wall time: above 0, to six decimal places."""

    speed: DecimalText


class Advance(Body, frozen=True, forbid_unknown_fields=True):
    """Where to advance the clock to: an instant, or so many seconds on. One of the two."""

    to: InstantText | None = None
    seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_ADVANCE)] | None = None


class LockStep(Body, frozen=True, forbid_unknown_fields=True):
    """Whether only what drives the steps moves time on."""

    on: bool


@get("/clock", **needs(Scope.CONTROL))
async def get_clock(request: Request[Any, Any, Any], gateway: Gateway) -> Clock:
    """How ecosystem time stands and goes."""
    return _shown(gateway.control(caller_of(request)).clock())


@post("/clock/pause", status_code=200, **needs(Scope.CONTROL))
async def pause(request: Request[Any, Any, Any], gateway: Gateway) -> Clock:
    """Let ecosystem time stand; commands are still taken."""
    driver = gateway.control(caller_of(request))
    driver.pause()
    return _shown(driver.clock())


@post("/clock/unpause", status_code=200, **needs(Scope.CONTROL))
async def unpause(request: Request[Any, Any, Any], gateway: Gateway) -> Clock:
    """Let ecosystem time go on from where it stands."""
    driver = gateway.control(caller_of(request))
    driver.unpause()
    return _shown(driver.clock())


@put("/clock/speed", **needs(Scope.CONTROL))
async def set_speed(request: Request[Any, Any, Any], data: Speed, gateway: Gateway) -> Clock:
    """Let ecosystem time go at another speed from now on."""
    driver = gateway.control(caller_of(request))
    ppm, rest = divmod(parse_amount(data.speed, "speed"), 100)
    if rest:
        problem = f"{data.speed} is no whole number of millionths"
        raise InvalidRequest(f"speed: {problem}", errors=(FieldProblem("speed", problem),))
    driver.set_speed(ppm)
    return _shown(driver.clock())


@post("/clock/advance", status_code=200, **needs(Scope.CONTROL))
async def advance(request: Request[Any, Any, Any], data: Advance, gateway: Gateway) -> Clock:
    """Compute everything due up to an instant, as fast as possible; the answer comes when that is done."""
    driver = gateway.control(caller_of(request))
    if (data.to is None) == (data.seconds is None):
        raise InvalidRequest("expected either `to` or `seconds`", errors=(FieldProblem("to", "either this or seconds"),))
    if data.to is not None:
        return _shown(await driver.advance_to(parse_instant(data.to, "to")))
    return _shown(await driver.advance_to(driver.now() + (data.seconds or 0) * SECOND))


@put("/clock/lock-step", **needs(Scope.CONTROL))
async def set_lock_step(request: Request[Any, Any, Any], data: LockStep, gateway: Gateway) -> Clock:
    """Let only what drives the steps move ecosystem time on, or let it go with the wall again."""
    driver = gateway.control(caller_of(request))
    driver.set_lock_step(data.on)
    return _shown(driver.clock())


def _shown(state: ClockState) -> Clock:
    return Clock(instant_text(state.now), ratio_text(state.speed_ppm), state.paused, state.lock_step)


router = Router("", route_handlers=[get_clock, pause, unpause, set_speed, advance, set_lock_step], tags=["clock"])
