#!/usr/bin/env bash
# Packages: XlsxWriter 3.3.1, openpyxl 3.1.5.
# Seen: write_string() of a text that begins with <r> and ends with </r> is not escaped: it goes
#   into the sheet as markup of formatted runs. What a reader finds in the cell is the text within
#   the tags, in constant_memory mode as in the usual one, and no warning is given. The same text
#   with a blank before or after it, or with other tags, comes back as it was.
# Surprise: write_string() is the call for text as it is; formatted runs have a call of their own,
#   write_rich_string(), whose own output is recognised so.
# Who meets it: whoever exports what visitors of a chat wrote, such as a question about markup.
#   Put a blank (or a zero-width character) in front of such a text before writing it.
set -euo pipefail
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT; cd "$tmp"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check XlsxWriter==3.3.1 openpyxl==3.1.5 \
  2>pip.log || { cat pip.log; exit 1; }
venv/bin/python - <<'PY'
import openpyxl
import xlsxwriter

SAID = {  # what a visitor wrote, and what a reader of the workbook finds
    "<r><t>Is this tag yours?</t></r>": "Is this tag yours?",
    " <r><t>Is this tag yours?</t></r>": " <r><t>Is this tag yours?</t></r>",
    "<r><t>Is this tag yours?</t></r> ": "<r><t>Is this tag yours?</t></r> ",
    "<b>Is this tag yours?</b>": "<b>Is this tag yours?</b>",
    "5 < 6 & 7": "5 < 6 & 7",
}
for constant_memory in (False, True):
    with xlsxwriter.Workbook("said.xlsx", {"constant_memory": constant_memory}) as book:
        sheet = book.add_worksheet()
        for row, text in enumerate(SAID):
            assert sheet.write_string(row, 0, text) == 0
    cells = [row[0].value for row in openpyxl.load_workbook("said.xlsx").active.iter_rows()]
    print(f"constant_memory={constant_memory}: {cells}")
    assert cells == list(SAID.values())
print("as described")
PY
