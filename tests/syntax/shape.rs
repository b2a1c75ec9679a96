//! Spans, nesting and size.

use nginx_wslint::syntax::{Ast, Encoding, NodeId, Source, Span, parse};

use crate::{check_shape, outline, source};

/// The text put together again from the spans of words, comments and marks, with the blanks between them.
fn rebuilt(source: &Source, ast: &Ast) -> String {
    let mut parts: Vec<Span> = ast.comments().to_vec();
    for (index, node) in (0..).zip(ast.nodes()) {
        parts.extend(ast.words(NodeId(index)).iter().map(|word| word.span));
        let mark = |at: u32| Span { start: at, end: at + 1 };
        match node.body() {
            None => parts.push(mark(node.span.end - 1)),
            Some(body) => {
                let close = body.close.expect("a closed block");
                parts.extend([mark(body.open), mark(close)]);
                if body.lua {
                    parts.push(Span { start: body.open + 1, end: close });
                }
            }
        }
    }
    parts.sort_unstable();
    let mut text = String::new();
    for part in parts {
        let gap = source.slice(Span { start: u32::try_from(text.len()).expect("a short text"), end: part.start });
        assert!(gap.bytes().all(|byte| b" \t\r\n".contains(&byte)), "only blanks between the parts: {gap:?}");
        text.push_str(gap);
        text.push_str(source.slice(part));
    }
    let rest = &source.text()[text.len()..];
    assert!(rest.trim_ascii().is_empty(), "only blanks behind the last part: {rest:?}");
    text + rest
}

/// A small generator of numbers (xorshift), so that every run makes the same texts.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("a small number")
    }

    fn pick(&mut self, from: &[&str]) -> String {
        from[self.roll(from.len())].to_owned()
    }

    fn valid(&mut self, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.roll(5) {
            text += &self.pick(&["", " ", "\n", "\r\n\t", "# note {\n", "        "]);
            text += &self.pick(&["listen", "\"a b\"", "$x", "ü", "'it\\'s'", "a#b", "\\{x", "${y}z"]);
            for _ in 0..self.roll(4) {
                text += &self.pick(&[" ", "\n  ", "\t", " # c\n"]);
                text += &self.pick(&["80", "a}b", "\"\"", "'{;}'", "\\.js$", "$", "http://${h}:1", "\"l\nm\""]);
            }
            match self.roll(4) {
                0 if depth < 6 => text += &format!(" {{{}\n}}", self.valid(depth + 1)),
                1 if depth < 6 => text += "\n{ }",
                _ => text += ";",
            }
            if self.roll(9) == 0 {
                text += "content_by_lua_block { x = '}' -- }\n }";
            }
        }
        text + &self.pick(&["", "\n", " # end\n", "\r\n"])
    }

    fn rubble(&mut self) -> String {
        let pieces = [
            "a",
            " ",
            "\n",
            ";",
            "{",
            "}",
            "\"",
            "'",
            "\\",
            "#",
            "${",
            "é",
            "x y;\n",
            "s {\n",
            "}\n",
            "\"q\"",
            "{{ x }}",
            "{% if %}",
            "...\n",
            "b_by_lua_block {",
            "[[",
            "--",
            "<%= z %>",
            "\u{feff}",
        ];
        (0..self.roll(30)).map(|_| self.pick(&pieces)).collect()
    }
}

#[test]
fn texts_come_back_from_their_spans() {
    let mut dice = Dice(0x5eed);
    for _ in 0..3000 {
        let text = dice.valid(0);
        let source = source(&text);
        let ast = parse(&source);
        assert_eq!(ast.errors(), [], "{text:?}");
        check_shape(&source, &ast);
        assert_eq!(rebuilt(&source, &ast), text);
    }
}

#[test]
fn any_rubble_has_a_sound_ast() {
    let mut dice = Dice(0xbad);
    for _ in 0..5000 {
        let source = source(&dice.rubble());
        check_shape(&source, &parse(&source));
    }
}

#[test]
fn tokens_may_lie_across_any_two_chunks() {
    let long = "# ü\nserver { server_name \"a\nb\" c\\\nd; # e\n content_by_lua_block { '}' } }\n".repeat(2000);
    let ast = parse(&source(&long));
    assert_eq!(ast.errors(), []);
    assert_eq!((ast.nodes().len(), ast.comments().len()), (6000, 4000));
    assert!(ast.nodes().chunks(3).all(|nodes| nodes[1].parent().is_some() && nodes[2].parent() == nodes[1].parent()));
}

#[test]
fn depth_needs_no_stack() {
    let deep = "a {".repeat(100_000) + &"}".repeat(100_000);
    let ast = parse(&source(&deep));
    assert_eq!(ast.errors(), []);
    assert_eq!(ast.nodes().len(), 100_000);
    assert_eq!(ast.node(NodeId(99_999)).parent(), Some(NodeId(99_998)));
    assert_eq!(ast.behind(NodeId(0)), NodeId(100_000));
    let open = parse(&source(&"a {".repeat(100_000)));
    assert_eq!(open.errors().len(), 1);
}

#[test]
fn one_line_of_any_length_is_read() {
    let line = "map_hash_bucket_size 64; server { listen 80; } ".repeat(50_000);
    let ast = parse(&source(&line));
    assert_eq!((ast.nodes().len(), ast.errors().len()), (150_000, 0));
    let rubble = parse(&source(&";;x \"".repeat(400_000)));
    assert!(!rubble.errors().is_empty());
}

#[test]
fn comments_end_before_the_line_end() {
    let source = source("a; # one\r\n# two\n#");
    let comments: Vec<&str> = parse(&source).comments().iter().map(|&span| source.slice(span)).collect();
    assert_eq!(comments, ["# one", "# two", "#"]);
}

#[test]
fn latin_1_bytes_come_back() {
    let bytes = b"server_name caf\xe9; # \xfc\n".to_vec();
    let source = Source::new("nginx.conf", bytes.clone());
    let ast = parse(&source);
    assert_eq!(source.encoding(), Encoding::Latin1);
    assert_eq!(ast.words(NodeId(0))[1].value(&source), "café");
    assert_eq!(source.to_bytes(source.text()), bytes);
}

#[test]
fn a_lua_body_has_no_nodes() {
    let source = source("location / {\n  access_by_lua_block { if a then b = { c } end }\n  deny all;\n}\n");
    let ast = parse(&source);
    assert_eq!(outline(&source, &ast), "location / {\n  access_by_lua_block {\n  deny all\n");
    assert!(ast.node(NodeId(1)).body().is_some_and(|body| body.lua));
}
