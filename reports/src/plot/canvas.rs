//! The sheet that charts are drawn on: plotters' SVG backend, with what it lacks. Coordinates are pixels and are kept in
//! tenths of them; dashes, clips and links are groups around what the backend writes; nothing has an id, so that many
//! drawings can stand in one page.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
};

/// Units of the drawing in a pixel: plotters' coordinates are whole numbers, and a curve of whole pixels looks jagged.
const UNITS: f64 = 10.0;
/// plotters divides the size of a font by this when it writes SVG.
const FONT_SCALE: f64 = 1.24;

pub(super) const BLACK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);
pub(super) const GREY: RGBColor = RGBColor(0x6b, 0x6b, 0x6b);
pub(super) const GRID: RGBColor = RGBColor(0xe3, 0xe3, 0xe3);

/// A point, in pixels from the upper left.
pub(super) type At = (f64, f64);

/// A rectangle, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) color: RGBColor,
    pub(super) width: f64,
}

/// How a text looks: on which side of its point it stands, how large.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) color: RGBColor,
    pub(super) is_bold: bool,
    pub(super) side: HPos,
    /// Whether it is turned to be read from below.
    pub(super) is_turned: bool,
}

impl Type {
    pub(super) const fn new(size: f64, side: HPos) -> Type {
        Type { size, color: BLACK, is_bold: false, side, is_turned: false }
    }
}

/// A drawing in the making.
pub(super) struct Canvas {
    body: String,
}

impl Canvas {
    pub(super) fn new() -> Canvas {
        Canvas { body: String::new() }
    }

    /// The complete document.
    pub(super) fn finish(self, title: &str, description: &str, (width, height): (f64, f64)) -> String {
        let (title, description) = (escaped(title), escaped(description));
        let (across, down) = ((width * UNITS).ceil(), (height * UNITS).ceil());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {across} {down}\" \
             role=\"img\" aria-label=\"{title}\" stroke-linejoin=\"round\">\n<title>{title}</title>\n\
             <desc>{description}</desc>\n<rect width=\"{across}\" height=\"{down}\" fill=\"#FFFFFF\"/>\n{}</svg>\n",
            width.ceil(),
            height.ceil(),
            self.body
        )
    }

    /// A line through points.
    pub(super) fn path(&mut self, points: &[At], pen: Pen) {
        if points.len() >= 2 {
            let style = stroke(pen);
            let _ = self.write(|backend| backend.draw_path(points.iter().copied().map(units), &style));
        }
    }

    /// A closed, filled shape.
    pub(super) fn fill(&mut self, points: &[At], color: RGBColor, alpha: f64) {
        if points.len() >= 3 {
            let style = color.mix(alpha);
            let _ = self.write(|backend| backend.fill_polygon(points.iter().copied().map(units), &style));
        }
    }

    /// A filled rectangle.
    pub(super) fn rectangle(&mut self, area: Area, color: RGBColor, alpha: f64) {
        let (from, to) = (units((area.left, area.top)), units((area.right, area.bottom)));
        let _ = self.write(|backend| backend.draw_rect(from, to, &color.mix(alpha), true));
    }

    /// The outline of a rectangle.
    pub(super) fn frame(&mut self, area: Area, pen: Pen) {
        let Area { left, top, right, bottom } = area;
        self.path(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], pen);
    }

    /// A filled circle.
    pub(super) fn disk(&mut self, center: At, radius: f64, color: RGBColor) {
        let radius = (radius * UNITS).round() as u32;
        let _ = self.write(|backend| backend.draw_circle(units(center), radius, &color, true));
    }

    /// The outline of a circle.
    pub(super) fn ring(&mut self, center: At, radius: f64, pen: Pen) {
        let radius = (radius * UNITS).round() as u32;
        let style = stroke(pen);
        let _ = self.write(|backend| backend.draw_circle(units(center), radius, &style, false));
    }

    /// A text; its middle is at the point's height.
    pub(super) fn text(&mut self, text: &str, at: At, how: Type) {
        let text = legal(text);
        if text.is_empty() {
            return;
        }
        let slant = if how.is_bold { FontStyle::Bold } else { FontStyle::Normal };
        let turn = if how.is_turned { FontTransform::Rotate270 } else { FontTransform::None };
        let font = FontDesc::new(FontFamily::SansSerif, how.size * UNITS * FONT_SCALE, slant).transform(turn);
        let style = TextStyle::from(font).color(&how.color).pos(Pos::new(how.side, VPos::Center));
        let _ = self.write(|backend| backend.draw_text(&text, &style, units(at)));
    }

    /// What is drawn inside is dashed: lengths of strokes and gaps in pixels; none: it is not.
    pub(super) fn dashed(&mut self, dashes: &[f64], inside: impl FnOnce(&mut Canvas)) {
        if dashes.is_empty() {
            return inside(self);
        }
        let lengths: Vec<String> = dashes.iter().map(|length| (length * UNITS).round().to_string()).collect();
        self.body.push_str(&format!("<g stroke-dasharray=\"{}\">\n", lengths.join(" ")));
        inside(self);
        self.body.push_str("</g>\n");
    }

    /// What is drawn inside shows only within the area.
    pub(super) fn clipped(&mut self, area: Area, inside: impl FnOnce(&mut Canvas)) {
        let (x, y) = units((area.left, area.top));
        let (right, bottom) = units((area.right, area.bottom));
        let (width, height) = ((right - x).max(1), (bottom - y).max(1));
        // An inner <svg> clips without an id, which a <clipPath> would need.
        self.body.push_str(&format!(
            "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\" \
             overflow=\"hidden\">\n"
        ));
        inside(self);
        self.body.push_str("</svg>\n");
    }

    /// What is drawn inside leads somewhere, and says something when pointed at; an empty text: not.
    pub(super) fn linked(&mut self, link: &str, says: &str, inside: impl FnOnce(&mut Canvas)) {
        self.body.push_str("<g>\n");
        if !says.is_empty() {
            self.body.push_str(&format!("<title>{}</title>\n", escaped(says)));
        }
        if link.is_empty() {
            inside(self);
        } else {
            self.body.push_str(&format!("<a href=\"{}\">\n", escaped(link)));
            inside(self);
            self.body.push_str("</a>\n");
        }
        self.body.push_str("</g>\n");
    }

    /// Has the backend write, and takes what it wrote out of the document around it.
    fn write<T>(&mut self, draw: impl FnOnce(&mut SVGBackend<'_>) -> T) -> T {
        let mut document = String::new();
        let drawn = draw(&mut SVGBackend::with_string(&mut document, (1, 1)));
        let start = document.find(">\n").expect("the backend opens a document") + 2;
        let end = document.rfind("</svg>").expect("the backend closes its document");
        self.body.push_str(&document[start..end]);
        drawn
    }
}

fn stroke(pen: Pen) -> ShapeStyle {
    ShapeStyle { color: pen.color.to_rgba(), filled: false, stroke_width: (pen.width * UNITS).round() as u32 }
}

fn units((x, y): At) -> (i32, i32) {
    // `as` saturates, and turns what is no number into zero.
    ((x * UNITS).round() as i32, (y * UNITS).round() as i32)
}

/// The text without what XML cannot hold.
fn legal(text: &str) -> String {
    let is_legal = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(is_legal).collect()
}

/// The text as XML has it, in an element or in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut written = String::new();
    for c in legal(text).chars() {
        match c {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&apos;"),
            other => written.push(other),
        }
    }
    written
}

/// How wide a text is at most, in pixels, in the sans-serif fonts that readers have: DejaVu Sans is the widest of them,
/// and these are its widths, a little rounded up.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.30,
        ' ' | '.' | ',' | ':' | ';' | 'f' | 't' | 'r' | 'I' | '!' | '(' | ')' | '/' | '-' | '[' | ']' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '–' | '—' => 1.0,
        'A'..='Z' => 0.75,
        'a'..='z' | '0'..='9' => 0.64,
        c if c.is_ascii() => 0.84,
        c if (c as u32) < 0x2e80 => 0.84,
        _ => 1.05,
    };
    text.chars().map(of).sum::<f64>() * size
}

/// The text in lines that are no wider; a word that is wider alone is cut.
pub(super) fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = cut(word, size, room);
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// The text, or as much of its beginning as there is room for.
pub(super) fn cut(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    for c in text.chars() {
        if width(&format!("{short}{c}…"), size) > room {
            break;
        }
        short.push(c);
    }
    short + "…"
}
