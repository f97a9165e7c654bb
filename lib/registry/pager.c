/* SPDX-License-Identifier: Apache-2.0
 *
 * Following rel="next". A server may lead in circles, to somebody else, or nowhere for ever; each
 * is noticed, and what has come until then was given to the caller already.
 *
 * A page without any entry but with a next one is what a server sends that filters pages it has
 * cut before; a few in a row are let pass.
 */
#include "registry/pager.h"

#include <string.h>

#include "base/path_set.h"
#include "base/text.h"
#include "net/url.h"
#include "registry/link.h"

#define EMPTY_PAGES_MAX 16u

struct walk {
    const struct pager *pager;
    struct path_set seen; /* URLs */
    struct buf next;      /* path or URL; empty: that was the last page */
    unsigned pages;
    unsigned empty_pages; /* in a row */
};

static int fail_url(const char *url, int code, const char *text, img_error *err)
{
    auto_(buf) struct buf shown = BUF_INIT(URL_MAX);
    img__url_for_message(url, &shown);
    return img__fail(err, code, "GET %s: %s", img__buf_text(&shown), text);
}

static bool find_next(const struct http_response *response, struct buf *target)
{
    size_t len;
    const char *value;
    for (size_t i = 0; (value = img__http_header(response, "Link", i, &len)); i++) {
        if (img__link_find(value, len, "next", target))
            return true;
    }
    return false;
}

/* A proxy in front that ends TLS makes the registry behind it write links to plain HTTP. */
static int lift(struct buf *url, img_error *err)
{
    struct url_origin origin;
    auto_(buf) struct buf lifted = BUF_INIT(URL_MAX);
    int result = img__url_origin(url->data, &origin, err);
    if (result)
        return result;
    const char *rest = url->data + strlen("http://");
    img__buf_printf(&lifted, "https://%.*s", (int)origin.host_len, origin.host);
    if (origin.port != 80)
        img__buf_printf(&lifted, ":%u", origin.port);
    img__buf_puts(&lifted, rest + strcspn(rest, "/?#"));
    img__buf_clear(url);
    img__buf_puts(url, img__buf_text(&lifted));
    return img__buf_check(&lifted, "the link to the next page", err);
}

/* Relative to who answered, but if that was another origin, to which a redirect led, to who was
 * asked. */
static int follow_link(struct walk *walk, const struct call *call,
                       const struct http_response *response, const char *target, img_error *err)
{
    bool same = img__url_same_origin(call->url, response->url);
    int result = img__url_resolve(same ? response->url : call->url, target, &walk->next, err);
    if (result == 0 && img__text_starts(call->url, "https:") &&
        img__text_starts(walk->next.data, "http:"))
        result = lift(&walk->next, err);
    if (result)
        return img__prefix(err, result, "the link to the next page");
    if (!img__url_same_origin(call->url, walk->next.data))
        return fail_url(call->url, IMG_EREFUSED,
                        "the next page is said to be on another server, which is not asked", err);
    return 0;
}

static int check_progress(struct walk *walk, const struct call *call, const struct page *page,
                          img_error *err)
{
    bool known;
    walk->empty_pages = page->entries ? 0 : walk->empty_pages + 1;
    if ((page->entries && !page->fresh) || walk->empty_pages > EMPTY_PAGES_MAX)
        return fail_url(call->url, IMG_EFORMAT,
                        "a page has nothing new and names a next one: the list has no end", err);
    int result = img__path_set_add(&walk->seen, walk->next.data, &known, err);
    if (result)
        return result;
    if (known)
        return fail_url(call->url, IMG_EFORMAT,
                        "the next page is one that was there before: the list has no end", err);
    if (walk->pages >= walk->pager->access->registry->pages_max)
        return fail_url(call->url, IMG_ELIMIT, "the list has more pages than may be", err);
    return 0;
}

static int take_page(const struct call *call, const struct http_response *response, void *arg,
                     img_error *err)
{
    struct walk *walk = arg;
    auto_(buf) struct buf target = BUF_INIT(URL_MAX);
    struct page page = {.follow = BUF_INIT(URL_MAX)};
    bool known;
    if (response->status != 200)
        return img__call_refused(call, response, err);
    walk->pages++;
    img__buf_clear(&walk->next);
    int result = walk->pages == 1 ? img__path_set_add(&walk->seen, call->url, &known, err) : 0;
    if (result == 0)
        result = walk->pager->take(response, &page, walk->pager->arg, err);
    if (result == 0 && !page.enough && find_next(response, &target))
        result = img__buf_check(&target, "the link to the next page", err);
    if (result == 0 && target.len)
        result = follow_link(walk, call, response, target.data, err);
    else if (result == 0 && !page.enough && page.follow.len)
        img__buf_puts(&walk->next, page.follow.data);
    img__buf_free(&page.follow);
    return result || !walk->next.len ? result : check_progress(walk, call, &page, err);
}

int img__pager_run(const struct pager *pager, const char *path, img_error *err)
{
    struct walk walk = {.pager = pager, .next = BUF_INIT(URL_MAX)};
    auto_(buf) struct buf here = BUF_INIT(URL_MAX);
    int result = 0;
    img__buf_puts(&walk.next, path);
    while (result == 0 && walk.next.len) {
        img__buf_clear(&here);
        img__buf_append(&here, walk.next.data, walk.next.len);
        result = img__buf_check(&here, "the URL", err);
        if (result)
            break;
        bool absolute = *here.data != '/';
        const struct call_request request = {
            .access = pager->access,
            .method = "GET",
            .path = absolute ? NULL : here.data,
            .url = absolute ? here.data : NULL,
            .headers = pager->headers,
            .body_limit = PAGE_BYTES_MAX,
        };
        result = img__call_perform(&request, take_page, &walk, err);
    }
    img__path_set_free(&walk.seen);
    img__buf_free(&walk.next);
    return result;
}
