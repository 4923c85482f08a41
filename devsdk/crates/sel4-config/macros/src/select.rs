//! Inputs of the macros that choose between token sequences.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Result, Token, braced};

use crate::condition::Condition;

/// `condition, attribute`.
pub(crate) struct ConditionalAttribute {
    condition: Condition,
    attribute: TokenStream,
}

impl ConditionalAttribute {
    pub(crate) fn choose(self) -> Result<TokenStream> {
        let attribute = self.attribute;
        Ok(if self.condition.holds()? {
            quote!(#[#attribute])
        } else {
            TokenStream::new()
        })
    }
}

impl Parse for ConditionalAttribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let condition = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok(Self {
            condition,
            attribute: input.parse()?,
        })
    }
}

/// A chain of `if`, `else if` and perhaps a last `else`.
pub(crate) struct Branches {
    conditional: Vec<(Condition, TokenStream)>,
    otherwise: TokenStream,
}

impl Branches {
    pub(crate) fn choose(self) -> Result<TokenStream> {
        for (condition, branch) in self.conditional {
            if condition.holds()? {
                return Ok(branch);
            }
        }
        Ok(self.otherwise)
    }
}

impl Parse for Branches {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut conditional = vec![conditional_branch(input)?];
        while input.peek(Token![else]) {
            input.parse::<Token![else]>()?;
            if input.peek(Token![if]) {
                conditional.push(conditional_branch(input)?);
            } else {
                return Ok(Self {
                    conditional,
                    otherwise: branch(input)?,
                });
            }
        }
        Ok(Self {
            conditional,
            otherwise: TokenStream::new(),
        })
    }
}

fn conditional_branch(input: ParseStream<'_>) -> Result<(Condition, TokenStream)> {
    input.parse::<Token![if]>()?;
    let attributes = input.call(Attribute::parse_outer)?;
    let [attribute] = attributes.as_slice() else {
        return Err(input.error("expected exactly one attribute #[sel4_cfg(..)]"));
    };
    if !attribute.path().is_ident("sel4_cfg") {
        return Err(Error::new_spanned(attribute, "expected 'sel4_cfg'"));
    }
    Ok((attribute.parse_args()?, branch(input)?))
}

fn branch(input: ParseStream<'_>) -> Result<TokenStream> {
    let tokens;
    braced!(tokens in input);
    tokens.parse()
}
