"""The bus of the real desktop client, as it runs after a login; what it would pop up is printed instead."""
import json
import sys
import threading
import types

from gi.repository import GLib

url, session = sys.argv[1:]


class Main:
    def show_notification(self, title, body, priority):
        print(json.dumps({'title': title, 'body': body, 'priority': priority}), flush=True)


# Only the window is left out.
window = types.ModuleType('tryton.gui.main')
window.Main = Main
sys.modules['tryton.gui'] = types.ModuleType('tryton.gui')
sys.modules['tryton.gui.main'] = window

from tryton import bus  # noqa: E402

loop = GLib.MainLoop()


def end_with_input():
    sys.stdin.read()
    GLib.idle_add(loop.quit)


threading.Thread(target=end_with_input, daemon=True).start()
bus.listen(types.SimpleNamespace(session=session, url=url))
loop.run()
