"""A Binance-shaped exchange for offline use: REST and streams over a synthetic or a recorded market.

Start it as a process: `python -m simexchange --port 9080 --speed 10 --seed 7 --symbols 200`.
"""
