"""Renders Markdown from standard input as GitHub does, and prints the visible text as JSON: that of each code block, and the
other text."""

import json
import sys
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options


class VisibleText(HTMLParser):
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


visible = VisibleText()
visible.feed(cmarkgfm.github_flavored_markdown_to_html(sys.stdin.read(), Options.CMARK_OPT_UNSAFE))
visible.close()
json.dump({"blocks": visible.blocks, "rest": visible.rest}, sys.stdout)
