import io

import requests

from devportal.wsgi_adapter import WSGIAdapter


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response(
        "201 Created", [("X-Path", environ["PATH_INFO"]), ("X-Host", environ["HTTP_HOST"])]
    )
    return [environ["QUERY_STRING"].encode(), b"|", body]


def session() -> requests.Session:
    made = requests.Session()
    made.mount("http://", WSGIAdapter(echo))
    return made


def test_request_and_response_pass_whole():
    answer = session().post("http://a.test:81/путь?x=1", data=b"body")

    assert answer.status_code == 201
    assert answer.text == "x=1|body"
    assert answer.headers["X-Host"] == "a.test:81"
    assert answer.headers["X-Path"].encode("latin-1").decode() == "/путь"


def test_files_and_streams_are_sent_whole():
    assert session().post("http://a.test/", data=io.BytesIO(b"stream")).text == "|stream"
    assert b"%PDF" in session().post("http://a.test/", files={"f": b"%PDF"}).content


def test_streamed_answers_can_be_read_in_pieces():
    answer = session().get("http://a.test/?abc", stream=True)

    assert b"".join(answer.iter_content(2)) == b"abc|"
