//! The macros of `sel4-config`: each asks the kernel configuration at compile time.
//!
//! A condition is a key (a switch), `KEY = "text"`, or `not(..)`, `all(..)`, `any(..)`
//! of conditions. A key that the configuration does not have is a compile error.

mod condition;
mod configuration;
mod select;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;
use quote::{format_ident, quote};
use syn::{Ident, parse_macro_input};

use condition::Condition;
use configuration::Value;

fn or_error(result: syn::Result<TokenStream2>) -> TokenStream {
    result
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Keeps the item when the condition holds.
#[proc_macro_attribute]
pub fn sel4_cfg(condition: TokenStream, item: TokenStream) -> TokenStream {
    match parse_macro_input!(condition as Condition).holds() {
        Ok(true) => item,
        Ok(false) => TokenStream::new(),
        Err(error) => error.to_compile_error().into(),
    }
}

/// Puts the attribute after the comma on the item when the condition holds.
#[proc_macro_attribute]
pub fn sel4_cfg_attr(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as select::ConditionalAttribute);
    let item = TokenStream2::from(item);
    or_error(arguments.choose().map(|attribute| quote!(#attribute #item)))
}

/// `if #[sel4_cfg(condition)] { .. } else if .. { .. } else { .. }`: the tokens of the first branch that holds.
#[proc_macro]
pub fn sel4_cfg_if(branches: TokenStream) -> TokenStream {
    or_error(parse_macro_input!(branches as select::Branches).choose())
}

/// The value of a switch, as a `bool` literal.
#[proc_macro]
pub fn sel4_cfg_bool(key: TokenStream) -> TokenStream {
    let key = parse_macro_input!(key as Ident);
    or_error(configuration::switch(&key).map(|value| quote!(#value)))
}

/// The value of a key that is not a switch, as a string literal.
#[proc_macro]
pub fn sel4_cfg_str(key: TokenStream) -> TokenStream {
    let key = parse_macro_input!(key as Ident);
    or_error(configuration::text(&key).map(|value| quote!(#value)))
}

/// The value of a key that is a number, as a `usize` literal.
#[proc_macro]
pub fn sel4_cfg_usize(key: TokenStream) -> TokenStream {
    let key = parse_macro_input!(key as Ident);
    or_error(configuration::number::<usize>(&key).map(|value| quote!(#value)))
}

/// The value of a key that is a number, as a literal of the machine word (`u64`).
#[proc_macro]
pub fn sel4_cfg_word(key: TokenStream) -> TokenStream {
    let key = parse_macro_input!(key as Ident);
    or_error(configuration::number::<u64>(&key).map(|value| quote!(#value)))
}

/// Declares every key as a constant; for `sel4_config::consts` alone.
#[doc(hidden)]
#[proc_macro]
pub fn declare_consts(_: TokenStream) -> TokenStream {
    let items = configuration::KEYS.iter().map(|(key, value)| {
        let name = format_ident!("{key}");
        match value {
            Value::Switch(value) => quote!(pub const #name: bool = #value;),
            Value::Text(value) => quote!(pub const #name: &str = #value;),
        }
    });
    quote!(#(#items)*).into()
}
