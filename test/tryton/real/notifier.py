"""Sends notifications as a module of trytond would, by trytond's own notify(), a transaction for each line of JSON."""
import json
import sys

from trytond.config import config

config.update_etc(sys.argv[1])

from trytond.bus import notify  # noqa: E402
from trytond.pool import Pool  # noqa: E402
from trytond.transaction import Transaction  # noqa: E402

database = sys.argv[2]
Pool.start()
with Transaction().start(database, 0, readonly=True):
    Pool(database).init()

for line in sys.stdin:
    order = json.loads(line)
    with Transaction().start(database, 1) as transaction:
        for title in order['titles']:
            notify(title, body=order.get('body'), priority=1, user=order['user'])
        if order.get('rollback'):
            transaction.rollback()
    print(json.dumps(order['titles']), flush=True)
