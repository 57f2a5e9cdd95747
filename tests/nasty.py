"""Texts that want to be more than text: for a terminal, a browser, Markdown, a forge, the runner of a job."""

TEXTS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "</code></pre></details>",
    "</details><h1>Approved</h1>", "<!-- flowdeck plan lab/test -->", "-->", "<!--", "<?php ?>", "<![CDATA[x]]>",
    "&lt;b&gt;", "&#60;script&#62;", "&amp;", "`", "``", "```", "````\n# Approved\n````", "~~~", "`a` <b>b</b> `c`",
    "# heading", "**bold** _em_ ~~gone~~", "| a | b |", "a|b", "- [x] approved", "1. one", "> quoted", "---", "***",
    "[link](https://evil.example/)", "![image](https://evil.example/i.png)", "[ref]: https://evil.example/ 'x'",
    "<https://evil.example/>", "https://evil.example/a?b=c", "www.evil.example", "mail@evil.example",
    "javascript:alert(1)",
    "@octocat", "@org/team", "#123", "GH-123", "org/repo#1", "deadbeef1", "deadbeef", "!12", "%34", "$56", "~label",
    ":tada:", "$$x^2$$", "$`x`$", "\\", "\\\\", "a\\", "\\`", "x  ", "  x", "", " ", "\t",
    "::error file=x::owned", "::set-output name=a::b", "::add-mask::x", "##[error]owned", "##[add-mask]x", "#", "##",
    "\x1b[31mred", "\x1b]0;owned\x07", "\u202eevil\u2066", "\u200bzero", "\u2028line", "\x00nul", "\x07", "\r\nx",
    "{{x}} ${{ secrets.X }} {% raw %}", "%0A::error::x", "; rm -rf /", "$(id)", "'quoted'", '"quoted"',
    "x" * 3000, "`" * 700, "<" * 700, "\u202e" * 700, "Action x.org/y, then B", "日本語 عربي 😀", "no", "null",
]  # fmt: skip
