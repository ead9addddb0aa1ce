"""How the product is served: workers that are replaced, connections that may not stall, lanes.

A worker reads requests and writes answers on one asynchronous loop, so that however many clients
are slow, nobody waits for them; the application itself is called on the threads of a lane.
"""
