"""Clients in Python: python3 python_client.py NAME ORDER; prints what came as JSON."""

import asyncio
import json
import sys
import time
from urllib.parse import urljoin, urlsplit

name, order = sys.argv[1], json.loads(sys.argv[2])
method, url, headers = order["method"], order["url"], order["headers"]
file, streamed = order.get("bodyFile"), order["isStreamed"]


def body():
    if file is None:
        return None
    with open(file, "rb") as opened:
        content = opened.read()
    if not streamed:
        return content
    return (content[i : i + 65536] for i in range(0, len(content), 65536))


def result(status, content):
    return {"status": status, "text": content.decode("latin1")[:300]}


def http_client():
    import http.client

    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def send():
        target = url
        while True:
            connection.request(method, target[len("http://") + len(urlsplit(target).netloc) :], body(), headers)
            response = connection.getresponse()
            content = response.read()
            if response.status != 302:
                return result(response.status, content)
            target = urljoin(target, response.headers["Location"])

    def again():
        try:
            return send()
        except Exception:
            connection.close()
            raise

    return again


def urllib_client():
    import urllib.error
    import urllib.request

    def send():
        request = urllib.request.Request(url, data=body(), headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return result(response.status, response.read())
        except urllib.error.HTTPError as error:
            return result(error.code, error.read())

    return send


def requests_client():
    import requests

    session = requests.Session()

    def send():
        response = session.request(method, url, data=body(), headers=headers, timeout=30)
        return result(response.status_code, response.content)

    return send


def urllib3_client():
    import urllib3

    pool = urllib3.PoolManager(retries=urllib3.Retry(0, redirect=3))

    def send():
        response = pool.request(method, url, body=body(), headers=headers, timeout=30)
        return result(response.status, response.data)

    return send


def httpx_client():
    import httpx

    client = httpx.Client(follow_redirects=True, timeout=30)

    def send():
        response = client.request(method, url, content=body(), headers=headers)
        return result(response.status_code, response.content)

    return send


async def aiohttp_client():
    import aiohttp

    async def pieces():
        for piece in body():
            yield piece

    found = []
    async with aiohttp.ClientSession() as session:
        for i in range(order["times"]):
            if i > 0:
                await asyncio.sleep(order["pauseMs"] / 1000)
            try:
                data = pieces() if streamed and file else body()
                async with session.request(method, url, data=data, headers=headers) as response:
                    found.append(result(response.status, await response.read()))
            except Exception as error:
                found.append({"error": repr(error)})
    return found


def run(send):
    found = []
    for i in range(order["times"]):
        if i > 0:
            time.sleep(order["pauseMs"] / 1000)
        try:
            found.append(send())
        except Exception as error:
            found.append({"error": repr(error)})
    return found


clients = {
    "http.client": http_client,
    "urllib": urllib_client,
    "requests": requests_client,
    "urllib3": urllib3_client,
    "httpx": httpx_client,
}
print(json.dumps(asyncio.run(aiohttp_client()) if name == "aiohttp" else run(clients[name]())))
