"""trytond's bus on a cluster of Carillon nodes.

In trytond.conf, with this file somewhere on PYTHONPATH:

    [bus]
    class = carillon_bus.CarillonBus
    carillon_servers = http://127.0.0.1:7400,http://127.0.0.1:7401
    carillon_token_file = /etc/tryton/carillon-token

What a transaction publishes is kept until it is committed, and then handed
to one thread of the process, which publishes it in that order to any of the
servers. A rollback drops it. No transaction ever waits for the bus or fails
because of it: what can not be delivered within a while is logged and dropped.
"""
import atexit
import collections
import http.client
import json
import logging
import os
import threading
import time
import uuid
from urllib.parse import quote, urlsplit

from trytond.config import config
from trytond.protocols.jsonrpc import JSONEncoder
from trytond.transaction import Transaction

logger = logging.getLogger(__name__)

# Of one request; the servers take more by default.
BATCH_COUNT = 500
BATCH_SIZE = 4 * 1024 * 1024
# Characters of messages that wait while no server can be reached.
WAITING_SIZE = 64 * 1024 * 1024
# The servers forget keys after five minutes: a later try could come twice.
GIVE_UP = 120
PAUSE_MAX = 5
ATTEMPT = 10
# How long the end of a process waits for what it has not delivered yet.
FAREWELL = 5
# Longer than the servers let a client wait.
POLL = 330


class Unreachable(Exception):
    "No server takes it now; a later try may succeed."


class Refused(Exception):
    "A server has understood it and does not want it."


def _servers():
    given = config.get('bus', 'carillon_servers', default='')
    return [s.strip() for s in given.split(',') if s.strip()] or [
        'http://127.0.0.1:7400']


def _headers():
    headers = {'Content-Type': 'application/json'}
    path = config.get('bus', 'carillon_token_file', default='')
    if path:
        with open(path) as file:
            headers['Authorization'] = 'Bearer ' + file.readline().strip()
    return headers


def _dumps(value):
    return json.dumps(value, cls=JSONEncoder, separators=(',', ':'))


def _post(server, path, body, timeout):
    url = urlsplit(server)
    kind = (http.client.HTTPSConnection if url.scheme == 'https'
        else http.client.HTTPConnection)
    connection = kind(url.hostname, url.port, timeout=timeout)
    try:
        connection.request(
            'POST', url.path.rstrip('/') + path, body.encode(), _headers())
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class _Servers:
    "Asks any of the servers, first the one that answered last."

    def __init__(self):
        self._first = 0

    def post(self, path, body, timeout):
        servers = _servers()
        reasons = []
        for i in range(len(servers)):
            index = (self._first + i) % len(servers)
            server = servers[index]
            try:
                status, answer = _post(server, path, body, timeout)
            except (OSError, http.client.HTTPException) as exception:
                reasons.append('%s: %r' % (server, exception))
                continue
            if status == 200:
                self._first = index
                return json.loads(answer)
            reason = '%s: %s %s' % (server, status, answer[:200])
            if status in {400, 409, 413, 415}:
                raise Refused(reason)
            reasons.append(reason)
        raise Unreachable('; '.join(reasons))


Message = collections.namedtuple('Message', 'database text size')


class _Sender:
    """Publishes in the background, in the order in which it was told.

    Messages have their id as key, so a try whose outcome is not known is
    repeated, at another server if need be, and the message comes once.
    """

    def __init__(self):
        self._condition = threading.Condition()
        self._waiting = collections.deque()
        self._size = 0
        self._busy = False
        self._thread = None
        self._servers = _Servers()

    def send(self, messages):
        with self._condition:
            for message in messages:
                if self._size + message.size > WAITING_SIZE:
                    logger.error("bus: too much waits, a message is dropped")
                    continue
                self._waiting.append(message)
                self._size += message.size
            if not self._thread:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def flush(self, timeout):
        "Wait until all is delivered, or the time is up"
        with self._condition:
            return self._condition.wait_for(
                lambda: not self._waiting and not self._busy, timeout)

    def _run(self):
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting)
                batch = self._take()
                self._busy = True
            try:
                self._deliver(batch)
            except Exception:
                logger.error("bus: messages are lost", exc_info=True)
            with self._condition:
                self._busy = False
                self._condition.notify_all()

    def _take(self):
        batch = []
        size = 0
        while self._waiting and len(batch) < BATCH_COUNT:
            message = self._waiting[0]
            if batch and (message.database != batch[0].database
                    or size + message.size > BATCH_SIZE):
                break
            batch.append(self._waiting.popleft())
            size += message.size
        self._size -= size
        return batch

    def _deliver(self, batch):
        path = '/%s/bus/publish' % quote(batch[0].database, safe='')
        body = '{"messages":[%s]}' % ','.join(m.text for m in batch)
        end = time.monotonic() + GIVE_UP
        pause = 0.05
        while True:
            try:
                self._servers.post(path, body, ATTEMPT)
                return
            except Refused as exception:
                if len(batch) == 1:
                    logger.error("bus: a message is refused: %s", exception)
                    return
                break
            except Unreachable as exception:
                if time.monotonic() + pause > end:
                    logger.error(
                        "bus: %s messages are lost: %s",
                        len(batch), exception)
                    return
                logger.warning("bus: trying again: %s", exception)
            time.sleep(pause)
            pause = min(PAUSE_MAX, pause * 2)
        # One of them is at fault, and all or none are taken.
        for message in batch:
            self._deliver([message])


class _Outbox:
    "What one transaction publishes, until its end is known."

    def __init__(self):
        self.messages = []

    def __eq__(self, other):
        return isinstance(other, _Outbox)

    __hash__ = None

    def tpc_begin(self, transaction):
        pass

    def commit(self, transaction):
        pass

    def tpc_vote(self, transaction):
        pass

    def tpc_finish(self, transaction):
        messages, self.messages = self.messages, []
        if messages:
            _sender.send(messages)

    def tpc_abort(self, transaction):
        self.messages = []


_sender = _Sender()


def _renew():
    # A fork has no threads, and what waits is delivered by its parent.
    global _sender
    _sender = _Sender()


os.register_at_fork(after_in_child=_renew)


@atexit.register
def flush(timeout=FAREWELL):
    "Wait for what this process has not delivered yet"
    return _sender.flush(timeout)


class CarillonBus:

    @classmethod
    def publish(cls, channel, message):
        transaction = Transaction()
        message['message_id'] = str(uuid.uuid4())
        text = _dumps({
                'channel': channel,
                'message': message,
                })
        outbox = transaction.join(_Outbox())
        outbox.messages.append(
            Message(transaction.database.name, text, len(text)))

    @classmethod
    def subscribe(cls, database, channels, last_message=None):
        body = _dumps({
                'channels': sorted(channels),
                'last_message': last_message,
                })
        path = '/%s/bus' % quote(database, safe='')
        try:
            return _Servers().post(path, body, POLL)
        except (Unreachable, Refused) as exception:
            # 503 has the clients come back; 501 would end them.
            from werkzeug.exceptions import ServiceUnavailable
            logger.warning("bus: %s", exception)
            raise ServiceUnavailable("The bus is unavailable")
