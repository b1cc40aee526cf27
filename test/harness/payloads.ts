/** What somebody who means harm writes into a text field, and what an honest field can still hold. One list for every face. */
export type Payload = { kind: string; text: string };

const of = (kind: string, ...texts: string[]): Payload[] => texts.map((text) => ({ kind, text }));
const ESCAPE = "\u001b";

/** `__muster_ran` is what each script would set if it ran: a browser test looks whether it is there. */
const RUN = "window.__muster_ran=1";

export const PAYLOADS: readonly Payload[] = [
  ...of(
    "markup",
    "<b>bold</b><i>",
    "</td></tr></table><h1>out",
    "<!--",
    "]]><x/>",
    "<plaintext>",
    "<style>*{display:none}</style>",
    "<base href=//x.example>",
    '<meta http-equiv=refresh content="0;url=//x.example">',
    "<form action=//x.example><input name=password>",
  ),
  ...of(
    "script",
    `<script>${RUN}</script>`,
    `"><script>${RUN}</script>`,
    `</script><script>${RUN}</script>`,
    `</textarea><script>${RUN}</script>`,
    `<scr<script>ipt>${RUN}</scr</script>ipt>`,
  ),
  ...of(
    "event handler",
    `<img src=x onerror=${RUN}>`,
    `<svg/onload=${RUN}>`,
    `" onmouseover="${RUN}" autofocus onfocus="${RUN}`,
    `<details open ontoggle=${RUN}>`,
    `<iframe srcdoc="<script>parent.__muster_ran=1</script>">`,
  ),
  ...of(
    "url",
    `javascript:${RUN}`,
    `JaVaScRiPt:${RUN}//`,
    `data:text/html,<script>parent.__muster_ran=1</script>`,
    `<a href="javascript:${RUN}">here</a>`,
  ),
  ...of(
    "template",
    "{{ 7 | times: 7 }}",
    "{{ constructor.constructor('return process')() }}",
    `{{constructor.constructor('${RUN}')()}}`,
    "\u0024{7*7}",
    "<%= 7*7 %>",
    "#{7*7}",
  ),
  ...of(
    "liquid",
    "{% assign a = 'b' %}{{ a }}",
    "{% for i in (1..1000000000) %}a{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% raw %}",
  ),
  ...of(
    "formula",
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "=cmd|'/c calc'!A0",
    '=HYPERLINK("http://x.example","click")',
    "\u200b=1+1",
  ),
  ...of(
    "terminal",
    `${ESCAPE}[31mred${ESCAPE}[0m`,
    `${ESCAPE}[2J${ESCAPE}[H`,
    `${ESCAPE}]0;title\u0007`,
    `${ESCAPE}]52;c;bXVzdGVy\u0007`,
    `${ESCAPE}]8;;http://x.example${ESCAPE}\\here${ESCAPE}]8;;${ESCAPE}\\`,
    "\u009b31mred",
    "\u009d0;title\u009c",
    "one\rtwo",
    "one\ntwo: forged line",
    "one\tbell\u0007\u0008\u0008\u007f",
  ),
  ...of(
    "bidi",
    "user\u202egpj.exe",
    "\u2066left\u2069\u2067right",
    "\u200fa\u200e\u061cb",
    "zero\u200bwidth\u2060joiner\ufeff",
  ),
  ...of("long", "a".repeat(2_000), "\u{1f469}\u200d\u{1f4bb}".repeat(200), `e${"\u0301".repeat(200)}`),
  ...of("null-ish", "null", "undefined", "NaN", "0", "false", " ", "[object Object]", "__proto__", "constructor"),
  ...of("sql", "' or '1'='1", "'; drop table accounts; --", "$1", "%", "_", "\\"),
  ...of(
    "path",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "%2e%2e%2f",
    "/dev/zero",
    "C:\\boot.ini",
    "file:///etc/passwd",
  ),
  ...of("header", "a\r\nbcc: everybody@x.example", "a%0d%0aset-cookie: a=b"),
];
