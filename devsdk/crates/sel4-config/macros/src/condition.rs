//! A condition on the configuration: parsed from an attribute's argument, then asked.

use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, MetaList, Result, Token};

use crate::configuration;

pub(crate) enum Condition {
    Switch(Ident),
    Equals(Ident, LitStr),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Condition {
    pub(crate) fn holds(&self) -> Result<bool> {
        match self {
            Self::Switch(key) => configuration::switch(key),
            Self::Equals(key, value) => Ok(configuration::text(key)? == value.value()),
            Self::Not(condition) => condition.holds().map(|holds| !holds),
            Self::All(conditions) => Ok(answers(conditions)?.into_iter().all(|holds| holds)),
            Self::Any(conditions) => Ok(answers(conditions)?.into_iter().any(|holds| holds)),
        }
    }

    fn from_list(list: MetaList) -> Result<Self> {
        let operator = list.path.require_ident()?;
        let parser = Punctuated::<Self, Token![,]>::parse_terminated;
        match operator.to_string().as_str() {
            "not" => Ok(Self::Not(Box::new(list.parse_args()?))),
            "all" => Ok(Self::All(parser.parse2(list.tokens)?.into_iter().collect())),
            "any" => Ok(Self::Any(parser.parse2(list.tokens)?.into_iter().collect())),
            _ => Err(Error::new(
                operator.span(),
                "expected 'not', 'all' or 'any'",
            )),
        }
    }
}

/// Every answer, so that a misspelt key is an error even where its answer would not matter.
fn answers(conditions: &[Condition]) -> Result<Vec<bool>> {
    conditions.iter().map(Condition::holds).collect()
}

impl Parse for Condition {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        match input.parse()? {
            Meta::Path(path) => Ok(Self::Switch(path.require_ident()?.clone())),
            Meta::List(list) => Self::from_list(list),
            Meta::NameValue(pair) => match pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(value),
                    ..
                }) => Ok(Self::Equals(pair.path.require_ident()?.clone(), value)),
                value => Err(Error::new_spanned(value, "value must be a string literal")),
            },
        }
    }
}
