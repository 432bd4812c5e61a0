#!/usr/bin/env python3
"""Carries TCP connections from ports of one address to other places: relay.py ADDRESS PORT:HOST:PORT…"""

import asyncio
import sys


async def carry(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(address, port, host, target):
    async def connected(reader, writer):
        try:
            there, back = await asyncio.open_connection(host, int(target))
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, back), carry(there, writer))

    return await asyncio.start_server(connected, address, int(port))


async def main():
    servers = [await serve(sys.argv[1], *pair.split(":")) for pair in sys.argv[2:]]
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
