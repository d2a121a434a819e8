"""Runs the bus class without trytond, as told by lines of JSON on standard input; answers each with one line."""
import collections
import json
import os
import sys
import types

settings = json.loads(os.environ['BUS_SETTINGS'])


class Config:
    def get(self, section, option, default=None):
        return settings.get(option, default)


class Transaction:
    current = None

    def __new__(cls):
        return cls.current

    def join(self, manager):
        if manager in self.managers:
            return self.managers[self.managers.index(manager)]
        self.managers.append(manager)
        return manager

    def end(self, *steps):
        for step in steps:
            for manager in self.managers:
                getattr(manager, step)(self)


class Unavailable(Exception):
    pass


def begin(database):
    transaction = object.__new__(Transaction)
    transaction.managers = []
    transaction.database = collections.namedtuple('Database', 'name')(database)
    Transaction.current = transaction
    return transaction


def module(name, **members):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(members)


module('trytond')
module('trytond.config', config=Config())
module('trytond.transaction', Transaction=Transaction)
module('trytond.protocols')
module('trytond.protocols.jsonrpc', JSONEncoder=json.JSONEncoder)
module('werkzeug')
module('werkzeug.exceptions', ServiceUnavailable=Unavailable)

import carillon_bus  # noqa: E402

for name, value in settings.get('constants', {}).items():
    setattr(carillon_bus, name, value)

commit = 'tpc_begin', 'commit', 'tpc_vote', 'tpc_finish'


def publish(order):
    transaction = begin(order.get('database', 'tryton'))
    messages = order['messages']
    for channel, message in messages:
        carillon_bus.CarillonBus.publish(channel, message)
    transaction.end(*(['tpc_abort'] if order.get('rollback') else commit))
    if order.get('again'):
        transaction.end(*commit)
    return [message['message_id'] for _, message in messages]


def subscribe(order):
    try:
        return carillon_bus.CarillonBus.subscribe('tryton', set(order['channels']), order.get('last_message'))
    except Unavailable:
        return 'unavailable'


def fork(order):
    publish(order)
    pid = os.fork()
    if pid == 0:
        publish(order['child'])
        os._exit(0 if carillon_bus.flush(10) else 1)
    return os.waitpid(pid, 0)[1]


orders = {
    'publish': publish,
    'subscribe': subscribe,
    'fork': fork,
    'flush': lambda order: carillon_bus.flush(order['seconds']),
}

for line in sys.stdin:
    order = json.loads(line)
    print(json.dumps(orders[order['do']](order)), flush=True)
