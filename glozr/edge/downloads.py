"""Answers that are files: a table as CSV for programs, tables as a workbook for people."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import chain
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import register_converter

from glozr.outputs.csv_files import csv_pieces
from glozr.outputs.tables import Table
from glozr.outputs.workbooks import workbook_file


class FileKind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


CONTENT_TYPES = {
    FileKind.CSV: "text/csv; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class FileKindConverter:
    """`<file:kind>` in an address."""

    regex = "|".join(FileKind)

    def to_python(self, value: str) -> FileKind:
        return FileKind(value)

    def to_url(self, value: str) -> str:
        return FileKind(value).value


register_converter(FileKindConverter, "file")


def download(*tables: Table, kind: FileKind, name: str, zone: ZoneInfo) -> HttpResponseBase:
    """A file called `name` with the ending of its kind; as CSV it holds the first table alone.

    What is first read of the database is read here, where a failure is still answered as one.
    """
    return _csv(tables, name) if kind is FileKind.CSV else _workbook(tables, name, zone)


def _csv(tables: Sequence[Table], name: str) -> HttpResponseBase:
    pieces = csv_pieces(tables[0])
    return StreamingHttpResponse(
        chain([next(pieces)], pieces),
        content_type=CONTENT_TYPES[FileKind.CSV],
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _workbook(tables: Sequence[Table], name: str, zone: ZoneInfo) -> HttpResponseBase:
    return FileResponse(
        workbook_file(tables, zone=zone),
        as_attachment=True,
        filename=f"{name}.xlsx",
        content_type=CONTENT_TYPES[FileKind.XLSX],
    )
