"""A machine without data, and a publisher whose server can misbehave."""

import http.server
import threading

import pytest

from mlcourse.datasets import registry


@pytest.fixture
def no_data(tmp_path, monkeypatch):
    """No data set is anywhere, and what is downloaded goes to the folder that is handed back."""
    cache = tmp_path / "cache"
    monkeypatch.delenv("MLCOURSE_DATA", raising=False)
    monkeypatch.setattr(registry, "cache", lambda: cache)
    here = registry.homes
    monkeypatch.setattr(
        registry, "homes", lambda data_home=None: [home for home in here(data_home) if home.name != "datasets"]
    )
    return cache


class Publisher:
    """A server on this machine; `answers` maps a path to a function that is given the request and answers it."""

    def __init__(self):
        answers = self.answers = {}
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                answers[self.path](self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()

    def publish(self, path, content, announced=None, status=200):
        """Serve `content` under an address, and say that it has `announced` bytes (None: as many as it has)."""

        def answer(request):
            request.send_response(status)
            request.send_header("Content-Length", str(len(content) if announced is None else announced))
            request.end_headers()
            request.wfile.write(content)

        return self.answer(path, answer)

    def answer(self, path, function):
        self.answers[path] = function
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"


@pytest.fixture
def publisher(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    served = Publisher()
    yield served
    served.server.shutdown()
    served.server.server_close()
