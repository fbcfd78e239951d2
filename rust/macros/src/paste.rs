// SPDX-License-Identifier: GPL-2.0-only

//! The macro `paste!`.

use proc_macro2::Delimiter;
use proc_macro2::Group;
use proc_macro2::Ident;
use proc_macro2::Span;
use proc_macro2::TokenStream;
use proc_macro2::TokenTree;
use syn::Error;
use syn::Lit;
use syn::Result;

/// Replaces each `[<…>]` in `input`, at any depth.
///
/// # Errors
///
/// A part that cannot be in an identifier, an unknown modifier, a result that is no identifier.
pub(crate) fn paste(input: TokenStream) -> Result<TokenStream> {
    input.into_iter().map(paste_tree).collect()
}

fn paste_tree(tree: TokenTree) -> Result<TokenTree> {
    let TokenTree::Group(group) = tree else {
        return Ok(tree);
    };
    if let Some(parts) = bracketed_parts(&group) {
        return concat(&parts, group.span()).map(TokenTree::Ident);
    }
    let mut pasted = Group::new(group.delimiter(), paste(group.stream())?);
    pasted.set_span(group.span());
    Ok(TokenTree::Group(pasted))
}

/// The tokens between `[<` and `>]`, if `group` is of that form.
fn bracketed_parts(group: &Group) -> Option<Vec<TokenTree>> {
    let is = |tree: &TokenTree, c| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == c);
    let trees: Vec<_> = group.stream().into_iter().collect();
    match &trees[..] {
        [first, parts @ .., last]
            if group.delimiter() == Delimiter::Bracket && is(first, '<') && is(last, '>') =>
        {
            Some(parts.to_vec())
        }
        _ => None,
    }
}

fn concat(trees: &[TokenTree], whole: Span) -> Result<Ident> {
    let mut parts: Vec<(String, Span)> = Vec::new();
    let mut span = None;
    let mut trees = flatten(trees).into_iter();

    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(ident) => {
                let text = ident.to_string();
                let text = text.strip_prefix("r#").unwrap_or(&text);
                parts.push((text.to_owned(), ident.span()));
            }
            TokenTree::Literal(literal) => {
                let text = match Lit::new(literal.clone()) {
                    Lit::Str(literal) => literal.value(),
                    Lit::Int(literal) => literal.to_string(),
                    _ => {
                        let message = "only a string or an integer can be part of an identifier";
                        return Err(Error::new(literal.span(), message));
                    }
                };
                parts.push((text, literal.span()));
            }
            // The quote of a lifetime is no part of its name.
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {}
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                let modifier = trees.next();
                let span_of_modifier = modifier.as_ref().map_or(punct.span(), TokenTree::span);
                let modifier = modifier.map(|tree| tree.to_string()).unwrap_or_default();
                let (Some((text, at)), "upper" | "lower" | "span") =
                    (parts.last_mut(), modifier.as_str())
                else {
                    let message = "expected `:upper`, `:lower` or `:span` after a part";
                    return Err(Error::new(span_of_modifier, message));
                };
                match modifier.as_str() {
                    "upper" => *text = text.to_uppercase(),
                    "lower" => *text = text.to_lowercase(),
                    _ => span = Some(*at),
                }
            }
            tree => {
                let message = "expected an identifier, a string or an integer to paste";
                return Err(Error::new(tree.span(), message));
            }
        }
    }

    let text: String = parts.iter().map(|(text, _)| text.as_str()).collect();
    let span = span.unwrap_or_else(|| parts.first().map_or(whole, |(_, at)| *at));
    if syn::parse_str::<Ident>(&text).is_err() {
        let message = format!("`{text}` is not an identifier");
        return Err(Error::new(whole, message));
    }
    Ok(Ident::new(&text, span))
}

/// Opens the invisible groups that `macro_rules!` puts around a fragment.
fn flatten(trees: &[TokenTree]) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    for tree in trees {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                flat.extend(flatten(&group.stream().into_iter().collect::<Vec<_>>()));
            }
            tree => flat.push(tree.clone()),
        }
    }
    flat
}
