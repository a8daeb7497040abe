"""A producer at a steady rate, in a process of its own: `signal_source.py JSON`."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from datetime import UTC, datetime
from typing import Any

import nats


async def main(order: dict[str, Any]) -> None:
    """Publish sessions of random users, each at its time; a late one is caught up with."""
    chance = random.Random(1)
    connection = await nats.connect(order["nats"])
    began = time.perf_counter()
    for number in range(order["rate"] * order["seconds"]):
        pause = began + number / order["rate"] - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        session = {
            "event_id": f"{began}-{number}",
            "user_id": f"u{chance.randrange(order['users']):06}",
            "occurred_at": datetime.now(UTC).isoformat(),
            "duration_seconds": 60,
        }
        await connection.publish("signals.app.session", json.dumps(session).encode())
    await connection.flush()
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
