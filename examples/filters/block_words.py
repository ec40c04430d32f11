#!/usr/bin/python3
"""Stops messages in which one of the words occurs that stand behind the command: needs inspect."""

import sys

from louver_filter import blocks, passes, serve

words = [word.lower().encode() for word in sys.argv[1:]]


def judge(question, data):
    text = data.lower()
    for number, word in enumerate(words, 1):
        if word in text:
            return blocks(f"word {number} of the list")  # the reason is shown to people: it holds nothing of the message
    return passes()


serve(judge)
