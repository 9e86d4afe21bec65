"""libcurl with the project's signer, in the leanest loop that it has: no deadline, no event loop.

pyright: its package is in the benchmark's own environment, not in the one that is checked.
"""

# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false

import time
from collections.abc import Callable, Sequence

import pycurl

from handlers.signed_http.signature import Body, Signer, encoded_id

from ..job import Job, main


def prepare(job: Job) -> Callable[[Sequence[str]], int]:
    return _Poster(job).post_batch


class _Poster:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._signer = Signer(job.endpoint, job.region)
        self._body = Body.of(job.data.encode())
        self._multi = pycurl.CurlMulti()
        self._idle = [self._handle() for _ in range(job.concurrency)]

    def _handle(self):
        handle = pycurl.Curl()
        handle.setopt(pycurl.POSTFIELDS, self._job.data.encode())
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.NOSIGNAL, 1)
        if self._job.certificate:
            handle.setopt(pycurl.CAINFO, self._job.certificate)
        return handle

    def post_batch(self, ids: Sequence[str]) -> int:
        self._signer.prepare(self._job, time.time())
        headers, authorization = self._headers()
        waiting, left, delivered = list(ids), len(ids), 0
        while left:
            while self._idle and waiting:
                handle, encoded = self._idle.pop(), encoded_id(waiting.pop())
                signature = self._signer.signature(encoded, self._body.sha256)
                handle.setopt(pycurl.URL, f"{self._job.endpoint}/@connections/{encoded}")
                handle.setopt(pycurl.HTTPHEADER, (*headers, authorization + signature))
                self._multi.add_handle(handle)
            self._multi.perform()
            _, answered, failed = self._multi.info_read()
            for handle in (*answered, *(each for each, _, _ in failed)):
                delivered += handle.getinfo(pycurl.RESPONSE_CODE) == 200
                self._multi.remove_handle(handle)
                self._idle.append(handle)
            left -= len(answered) + len(failed)
            if not answered:
                self._multi.select(1.0)
        return delivered

    def _headers(self) -> tuple[list[str], str]:
        """Those of this second, and the start of the one that each post ends for itself."""
        request = self._signer.request("any", self._body).decode("latin-1")
        _, _, *lines = request.partition("\r\n\r\n")[0].split("\r\n")
        *shared, authorization, _ = lines
        return [*shared, "Content-Type:"], authorization.rpartition("=")[0] + "="


if __name__ == "__main__":
    main(prepare)
