//! The table of keys that the build script found, and typed look-ups in it.

use std::str::FromStr;

use syn::{Error, Ident, Result};

pub(crate) enum Value {
    Switch(bool),
    Text(&'static str),
}

pub(crate) const KEYS: &[(&str, Value)] = include!(concat!(env!("OUT_DIR"), "/keys.rs"));

pub(crate) fn get(key: &Ident) -> Result<&'static Value> {
    let name = key.to_string();
    let found = KEYS.iter().find(|(candidate, _)| *candidate == name);
    found
        .map(|(_, value)| value)
        .ok_or_else(|| Error::new(key.span(), format!("unknown config key '{name}'")))
}

pub(crate) fn switch(key: &Ident) -> Result<bool> {
    match get(key)? {
        Value::Switch(value) => Ok(*value),
        Value::Text(_) => Err(Error::new(
            key.span(),
            format!("config key '{key}' is not a boolean"),
        )),
    }
}

pub(crate) fn text(key: &Ident) -> Result<&'static str> {
    match get(key)? {
        Value::Text(value) => Ok(value),
        Value::Switch(_) => Err(Error::new(
            key.span(),
            format!("config key '{key}' is not a string"),
        )),
    }
}

pub(crate) fn number<T: FromStr>(key: &Ident) -> Result<T> {
    let value = text(key)?;
    value.parse().map_err(|_| {
        Error::new(
            key.span(),
            format!("config key '{key}' is '{value}', not a number"),
        )
    })
}
