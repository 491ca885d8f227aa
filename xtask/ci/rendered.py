"""Renders Markdown from standard input as GitHub does, and prints what a reader sees as JSON: the text of each block of code,
and the text outside of them."""

import json
import sys
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.blocks, self.rest, self.inside = [], "", False

    def handle_starttag(self, tag, attrs):
        if tag == "pre":
            self.blocks.append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data):
        if self.inside:
            self.blocks[-1] += data
        else:
            self.rest += data


seen = Seen()
seen.feed(cmarkgfm.github_flavored_markdown_to_html(sys.stdin.read(), Options.CMARK_OPT_UNSAFE))
seen.close()
json.dump({"blocks": seen.blocks, "rest": seen.rest}, sys.stdout)
