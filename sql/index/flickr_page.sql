-- flickr_page: the page of a photo on Flickr, worked out from its author's page and its address.
--
-- Reads: nothing
-- Parameters:
--   author_page   such as https://www.flickr.com/people/somebody/
--   original_url  such as https://farm6.staticflickr.com/5078/14086892607_be11f2a0f8_o.jpg
-- Columns:
--   VARCHAR
-- Example:
--   SELECT flickr_page(AuthorProfileURL, OriginalURL), OriginalLandingURL FROM images LIMIT 5;

CREATE OR REPLACE TEMP MACRO flickr_page(author_page, original_url) AS
replace(author_page, '/people/', '/photos/')
|| split_part(split_part(original_url, '/', -1), '_', 1);
