#!/usr/bin/python3
"""Blacks e-mail addresses out with as many 'x': needs write. The length stays, as a content-length may have been sent."""

import re

from louver_filter import passes, replaces, serve

address = re.compile(rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")


def judge(question, data):
    changed = address.sub(lambda found: b"x" * len(found.group()), data)
    return passes() if changed == data else replaces(changed)


serve(judge)
