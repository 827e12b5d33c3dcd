"""How the house is served: pages and API by WSGI workers (`web`), sockets by a process of their own (`live`).

In front of both stands nginx, by `docker/nginx.conf.template`. Each can be started alone; ADR 41 has the figures.
"""
