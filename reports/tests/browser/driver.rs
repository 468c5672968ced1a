//! Chromium, driven through `chromedriver` by the W3C WebDriver protocol: JSON over HTTP on the loopback. A few dozen
//! lines by hand instead of a client with a runtime. Everything has a time limit, and nothing outlives the test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

/// How long the driver may take to listen.
const START_MAX: Duration = Duration::from_secs(30);
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A browser with one window. Both the browser and its driver end when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts a browser. None if Chromium or its driver is not there, which is said loudly, and is a failure if the
    /// environment says that it must be: `QUORATE_BROWSER=required`.
    pub(crate) fn start() -> Option<Browser> {
        // Whoever listens on a free port for a moment knows a port that is free.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).ok()?.port();
        let command = Command::new("chromedriver")
            .args([format!("--port={port}"), "--allowed-ips=127.0.0.1".to_owned()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let driver = match command {
            Ok(driver) => driver,
            Err(error) => return skipped(&format!("chromedriver does not start: {error}")),
        };
        let mut browser = Browser { driver, port, session: String::new() };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < START_MAX, "chromedriver does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ];
        let wishes = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        match browser.ask("POST", "/session", Some(wishes)) {
            Ok(answer) => {
                browser.session = answer["sessionId"].as_str().expect("a session has an id").to_owned()
            }
            Err(error) => return skipped(&format!("no browser starts: {error}")),
        }
        Some(browser)
    }

    /// Opens a file, and waits until it is drawn.
    pub(crate) fn open(&self, file: &Path, hash: &str) {
        self.load(file, hash);
        self.settle();
    }

    /// Opens a file that may run no script.
    pub(crate) fn load(&self, file: &Path, hash: &str) {
        let url = format!("file://{}{hash}", file.display());
        self.must("POST", "/url", json!({ "url": url }));
    }

    /// Runs a script in the page and returns what it returns.
    pub(crate) fn run(&self, script: &str) -> Json {
        self.must("POST", "/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Runs a script that ends when it calls `done`.
    pub(crate) fn run_until_done(&self, script: &str) -> Json {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.must("POST", "/execute/async", json!({ "script": script, "args": [] }))
    }

    /// Waits until all that was asked for is drawn.
    pub(crate) fn settle(&self) {
        self.run_until_done("requestAnimationFrame(() => requestAnimationFrame(() => done(1)));");
    }

    /// Clicks what a selector finds, as a user would: it must be visible and in nobody's shade.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.must("POST", &format!("/element/{element}/click"), json!({}));
        self.settle();
    }

    /// What can be read of what a selector finds, even where the page may run no script.
    pub(crate) fn shows(&self, selector: &str) -> String {
        let text = self.look(&format!("/element/{}/text", self.find(selector)));
        text.as_str().unwrap_or_else(|| panic!("{selector} has a text")).to_owned()
    }

    /// Whether anything of what a selector finds can be seen.
    pub(crate) fn is_displayed(&self, selector: &str) -> bool {
        self.look(&format!("/element/{}/displayed", self.find(selector))) == true
    }

    fn find(&self, selector: &str) -> String {
        let found = self.must("POST", "/element", json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().and_then(|object| object.values().next()).and_then(Json::as_str);
        id.unwrap_or_else(|| panic!("nothing is {selector}")).to_owned()
    }

    fn look(&self, path: &str) -> Json {
        let path = format!("/session/{}{path}", self.session);
        self.ask("GET", &path, None).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Presses keys, wherever the focus is. `\u{e012}` and `\u{e014}` are the left and right arrow.
    pub(crate) fn press(&self, keys: &str) {
        let strokes: Vec<Json> = keys
            .chars()
            .flat_map(|key| [("keyDown", key), ("keyUp", key)])
            .map(|(what, key)| json!({ "type": what, "value": key.to_string() }))
            .collect();
        let actions = json!({ "actions": [{ "type": "key", "id": "keys", "actions": strokes }] });
        self.must("POST", "/actions", actions);
        self.settle();
    }

    /// Clicks at a point of what a selector finds, in pixels from its upper left corner.
    pub(crate) fn click_at(&self, selector: &str, right: u32, down: u32) {
        let script = format!(
            "const element = document.querySelector({selector:?}); element.scrollIntoView({{ block: 'center' }}); \
             const box = element.getBoundingClientRect(); return [box.left, box.top];"
        );
        let corner = self.run(&script);
        let along = |place: usize, by: u32| {
            (corner[place].as_f64().expect("a number")).round() as i64 + i64::from(by)
        };
        let actions = json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": [
            { "type": "pointerMove", "x": along(0, right), "y": along(1, down) },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ] }] });
        self.must("POST", "/actions", actions);
        self.settle();
    }

    /// The text of what a selector finds.
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.run(&format!("return document.querySelector({selector:?}).textContent"));
        text.as_str().unwrap_or_else(|| panic!("{selector} has a text")).to_owned()
    }

    /// Makes the window so wide and high, as a phone's may be.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.developer("Emulation.setDeviceMetricsOverride", metrics);
        self.settle();
    }

    /// Asks the browser's own tools.
    pub(crate) fn developer(&self, command: &str, parameters: Json) -> Json {
        self.must("POST", "/goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// Takes a picture of what is in the window.
    pub(crate) fn picture(&self, file: &Path) {
        let answer = self.ask("GET", &format!("/session/{}/screenshot", self.session), None);
        let picture = answer.expect("a picture");
        let bytes = STANDARD.decode(picture.as_str().expect("letters")).expect("base64");
        std::fs::write(file, bytes).expect("the picture can be written");
    }

    /// Goes back, as the browser's button does.
    pub(crate) fn back(&self) {
        self.must("POST", "/back", json!({}));
        self.settle();
    }

    /// What the console was told since it was last asked, but for what is not worth a warning.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.must("POST", "/se/log", json!({ "type": "browser" }));
        let entries = log.as_array().cloned().unwrap_or_default();
        let is_bad = |entry: &&Json| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        entries.iter().filter(is_bad).map(|entry| entry["message"].to_string()).collect()
    }

    fn must(&self, method: &str, path: &str, body: Json) -> Json {
        let path = format!("/session/{}{path}", self.session);
        self.ask(method, &path, Some(body)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// One request, one connection.
    fn ask(&self, method: &str, path: &str, body: Option<Json>) -> Result<Json, String> {
        let body = body.map_or_else(String::new, |body| body.to_string());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            self.port,
            body.len(),
        );
        let answer = self.exchange(&(head + &body)).map_err(|error| error.to_string())?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("an answer without a body")?;
        let json: Json = serde_json::from_str(body).map_err(|error| format!("{error} in {body}"))?;
        let is_good = head.split(' ').nth(1) == Some("200");
        if is_good { Ok(json["value"].clone()) } else { Err(json["value"]["message"].to_string()) }
    }

    /// Reads as many bytes as the answer says that it has: a driver may keep the connection open.
    fn exchange(&self, request: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut part = [0; 65_536];
        loop {
            let count = stream.read(&mut part)?;
            answer.extend_from_slice(&part[..count]);
            if count == 0 || is_whole(&answer) {
                return Ok(String::from_utf8_lossy(&answer).into_owned());
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.ask("DELETE", &format!("/session/{}", self.session), None);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Whether an answer has all the bytes that its head promises.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
    length
        .and_then(|length| length.trim().parse::<usize>().ok())
        .is_some_and(|length| end + 4 + length <= answer.len())
}

/// Says that there is no browser. That is a failure where one is required.
fn skipped(reason: &str) -> Option<Browser> {
    assert_ne!(
        std::env::var("QUORATE_BROWSER").as_deref(),
        Ok("required"),
        "a browser is required, and {reason}"
    );
    println!("SKIPPED, AND NOTHING WAS TESTED: {reason}. Install Debian's chromium and chromium-driver.");
    None
}
