//! The mistakes that people and editors make, and some that only chance makes.

use super::dice::Dice;

/// What nginx's reader looks at, and bytes that a careless reader trips over.
const MARKS: [&[u8]; 26] = [
    b";",
    b"{",
    b"}",
    b"\"",
    b"'",
    b"\\",
    b"#",
    b"$",
    b"${",
    b"$${",
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b" ",
    b"\0",
    b")",
    b"\\\n",
    b"\"\"",
    b"\" ",
    b"\xff",
    "é".as_bytes(),
    "\u{feff}".as_bytes(),
    b"};",
    b" { ",
    b"\x0b",
];

/// Changes a text in one place.
pub(crate) fn mutate(dice: &mut Dice, text: &mut Vec<u8>) {
    let at = dice.roll(text.len() + 1);
    let length = text.len();
    let to = |dice: &mut Dice, most: usize| (at + 1 + dice.roll(most)).min(length);
    match dice.roll(12) {
        0 | 1 => {
            let end = to(dice, 1);
            text.drain(at..end);
        }
        2 => {
            let end = to(dice, 12);
            text.drain(at..end);
        }
        3 => {
            let end = to(dice, 40);
            let again = text[at..end].to_vec();
            text.splice(at..at, again);
        }
        4 => {
            let end = to(dice, 1);
            let mark = dice.pick(&MARKS).to_vec();
            text.splice(at..end, mark);
        }
        5 => remove_mark(dice, text),
        6 => text.truncate(at),
        7 => {
            let long = long_token(dice);
            text.splice(at..at, long);
        }
        _ => {
            let mark = dice.pick(&MARKS).to_vec();
            text.splice(at..at, mark);
        }
    }
}

/// Takes away one `;`, brace or quote: the mistakes that happen every day.
fn remove_mark(dice: &mut Dice, text: &mut Vec<u8>) {
    let marks: Vec<usize> = (0..text.len()).filter(|&at| b";{}\"'".contains(&text[at])).collect();
    if !marks.is_empty() {
        text.remove(*dice.pick(&marks));
    }
}

/// A word, a quoted text or a comment about as long as nginx can read (4096 bytes).
fn long_token(dice: &mut Dice) -> Vec<u8> {
    let length = 4080 + dice.roll(24);
    let fillings: [&[u8]; 4] = [b"x", b"\\\"", "é".as_bytes(), b"a;"];
    let filling = *dice.pick(&fillings);
    let mut body: Vec<u8> = filling.iter().copied().cycle().take(length).collect();
    let around: [(&[u8], &[u8]); 7] =
        [(b"", b""), (b" ", b" "), (b" ", b";"), (b" \"", b"\" "), (b" '", b"';"), (b" \"", b""), (b" #", b"\n")];
    let (open, close) = *dice.pick(&around);
    let mut token = open.to_vec();
    token.append(&mut body);
    token.extend(close);
    token
}
