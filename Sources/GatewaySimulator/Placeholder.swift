// first code to come
